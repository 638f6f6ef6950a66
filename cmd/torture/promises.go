package main

// promise is something that scimsync promises, and how it is tried.
type promise struct {
	Group   string
	Promise string // in words of an administrator
	Failure string // what was done to break it
	Tests   []test
}

// test is a test, or one of the tests in it, of a package.
type test struct{ Package, Name string }

// groups are the headings of the page, in order.
func groups() []string {
	return []string{
		"Deletions", "Saved plans", "Objects that fail", "Crashes", "Disk and clock",
		"Applications that misbehave", "Secrets", "Telling people", "Stopping",
	}
}

// The packages with the tests.
const (
	inTorture = "cmd/torture"
	inDisk    = "cmd/torture/disk"
	inProgram = "cmd/scimsync"
	inEngine  = "engine"
	inPlan    = "engine/plan"
	inNotify  = "engine/notify"
	inStore   = "engine/state/sqlite"
	inExport  = "connectors/export"
	inSCIM    = "connectors/scim"
	inTrace   = "connectors/scim/har"
	inConfig  = "config"
)

// of returns the named tests of a package.
func of(pkg string, names ...string) []test {
	tests := make([]test, len(names))
	for i, name := range names {
		tests[i] = test{pkg, name}
	}
	return tests
}

// promises are all promises, in the order of the page.
func promises() []promise {
	var all []promise
	for _, part := range [][]promise{
		deletions(), savedPlans(), failures(), crashes(), disks(), applications(), secrets(), people(), stopping(),
	} {
		all = append(all, part...)
	}
	return all
}

func deletions() []promise {
	const group = "Deletions"
	return []promise{
		{group, "A cycle that would disable or delete more than its limits allow writes nothing at all: the limits are of a cycle, of a share of the accounts, of a day, and of members removed.",
			"Each limit, just below it and just above it.",
			of(inEngine, "TestGuards", "TestTooManyDeletesStopTheCycleBeforeItsFirstWrite", "TestWhatWasAllowedDoesNotCount", "TestTheGuardCountsNobodyWhoIsDisabledAlready",
				"TestGuardsOfTheWindow", "TestAPurgeOfMostIsGuardedHoweverFewAreLeft", "TestMembersThatAreInDoubtCount", "TestActiveByItsFullName",
				"TestAWordByAClockThatWasAhead", "TestDripsWhileSomethingIsAllowed", "TestDripsWithoutAnAnswerCount", "TestATryThatFailedCounts", "TestTheFirstCycleSwitchesNobodyOff")},
		{group, "What has wiped out the accounts of others stops here, with the settings that a job has when nobody sets any, and goes on once somebody allows it or mends it.",
			"Incidents that were told of: an empty export, half an export, a filter that matches nobody, assignments that are gone, a group deleted that gave access to everybody.",
			append(of(inEngine, "TestIncidents", "TestAnExportThatIsNotWhole", "TestAnExportThatLostAColumn", "TestAListOfTheDeletedThatIsEmpty",
				"TestAnOldCopyOfTheSameExportOpensNoDoor", "TestAListThatIsMadeAnewDoesNotHideAnOldOne", "TestAListThatIsSeldomMadeDoesNotHideAnOldOne", "TestTheSourceIsGuardedBeforeACycleRanToItsEnd"),
				append(of(inProgram, "TestIncidentsOfTheProgram"), of(inExport, "TestAFolderThatCannotBeLookedInto")...)...)},
		{group, "Every deletion that is held back is in the log, once.",
			"Cycles that are stopped again and again.",
			of(inEngine, "TestWhatIsHeldBackIsLoggedOnce")},
		{group, "What somebody allows is what was held back: what comes on top of it is guarded as ever.",
			"People, and the source, that go between the word and the cycle.",
			of(inEngine, "TestAllowedIsWhatWasHeldBack", "TestAllowedBeforeAnythingWasHeldBack", "TestWhatWasHeldBackIsRememberedUntilACycleRuns",
				"TestWhatWasAllowedIsUsedUp", "TestAWordThatIsGivenTwiceHoldsOnce", "TestWhoIsOffAlreadyIsNotAllowedFor", "TestAGuardTellsAllThatIsAllowedWithIt",
				"TestAWordEndsNoOtherQuarantine", "TestWhatWasAllowedAndFailedIsTriedAgain", "TestWhoIsRefusedDayAfterDay", "TestMembersThatAnApplicationWillNotRemove")},
		{group, "Where the tenant URL leads to another application, nothing is written by what is known of the first.",
			"Other hosts, paths and tenants, with and without the advice that is given.",
			of(inEngine, "TestAnotherTenantURLTouchesNobody", "TestToAllowDeletionsIsToAllowNoOtherTenant", "TestDoubtsAreOfOneApplication", "TestAnotherApplicationIsNotAskedWhoIsWho")},
		{group, "An export that nobody writes any more is warned of.",
			"Exports of days and weeks ago.",
			of(inEngine, "TestStaleSource")},
	}
}

func savedPlans() []promise {
	const group = "Saved plans"
	return []promise{
		{group, "A saved plan is carried out as it was shown, and nothing else is.",
			"A directory that goes on changing after the plan was made.",
			append(of(inEngine, "TestApplyCarriesOutThePlan", "TestApplyDoesNothingThatIsNotPlanned", "TestApplyLeavesOutWhatIsDone"), of(inProgram, "TestScripts/apply")...)},
		{group, "A plan that is out of date is refused, and it is said what has changed.",
			"A change of the directory, of the job, of the state, of the application and of the clock; files that were tampered with.",
			append(of(inEngine, "TestApplyRefusesWhatIsOutOfDate", "TestAPlanIsOfOneApplication", "TestAPlanOfATimeToComeIsRefused"), of(inPlan, "TestSavedPlanHasItsHeadOnce")...)},
		{group, "A plan whose making is cut off is not there under its name. An application of one that is cut off can be given again: it goes on, or is refused and says what has changed, and the next cycle brings everything into agreement.",
			"`kill -9` at random moments and requests of both.",
			of(inTorture, "TestPlansKilled")},
		{group, "Guards hold for a saved plan too, and the plan says so.",
			"A plan with more deletions than the limits allow.",
			of(inEngine, "TestApplyIsGuarded")},
		{group, "A plan writes nothing, and says the very requests that the cycle sends.",
			"Plans and cycles of the same directory, compared.",
			of(inEngine, "TestAPlanWritesNothingAndSaysWhatTheCycleSends")},
	}
}

func failures() []promise {
	const group = "Objects that fail"
	return []promise{
		{group, "One object that fails stops no other.",
			"Objects that the application forbids, refuses, or answers with conflicts.",
			of(inEngine, "TestOneForbiddenObjectStopsNobodyElse", "TestAConflictOfOneMemberDoesNotLoseTheOthersOfItsBatch", "TestAMemberThatIsGoneDoesNotHinderTheOthers")},
		{group, "What failed is tried again in the next cycle, after 6, 12 and 24 hours, then daily, for 28 days; sooner when it changes.",
			"Objects that fail for four weeks.",
			of(inEngine, "TestEscrowSchedule", "TestWhatFailedForFourWeeksIsLeftAloneUntilItChanges", "TestAChangeOfWhoFailedForLongIsTriedForAsLong",
				"TestWhoFailedIsTriedAgainAfterAReset", "TestWhoIsHiredAnew")},
		{group, "A job whose credentials are refused, whose application answers nothing of use, or of which too much fails goes into quarantine, is tried ever more rarely, and recovers by itself.",
			"Each reason, and the edges of Microsoft's thresholds.",
			of(inEngine, "TestQuarantine", "TestTooManyFail", "TestTheShareThatFails", "TestDisabled", "TestAnApplicationThatFallsSilent")},
		{group, "While credentials are refused, nothing is written.",
			"Credentials that end before a cycle and in the middle of one.",
			of(inEngine, "TestQuarantine", "TestCredentialsThatFailForTheLastObjectFailTheCycle")},
	}
}

func crashes() []promise {
	const group = "Crashes"
	return []promise{
		{group, "The program can be killed at any instruction. The next cycle makes the application what the directory says, no account is made twice, every object is connected to its account, and the log has an entry of every write that took effect.",
			"`kill -9` at random moments and requests, of cycles, on-demand calls and commands, several times in a row, while the directory goes on changing.",
			append(of(inTorture, "TestKilledAtAnyMoment"), of(inEngine, "TestAWriteWhoseCycleDiedIsInTheLog", "TestWhatIsBegunOnDemandIsInTheLog", "TestWhatWasBrokenOffIsInTheLog")...)},
		{group, "Also where the directory takes a change back before the next cycle: who was created and left has no active account, and who was disabled and came back is enabled.",
			"`kill -9` right after each kind of write, and the change taken back.",
			append(of(inTorture, "TestKilledAndTakenBack"), of(inEngine, "TestADeathBetweenAWriteAndItsRecord")...)},
		{group, "The daemon can be killed and started again.",
			"`kill -9` of the daemon at random moments, cycles by hand beside it.",
			of(inTorture, "TestDaemonKilled")},
		{group, "Of processes that are started at once, one works on a job at a time.",
			"Two and three cycles, on-demand calls, plans and very first starts at once.",
			append(of(inTorture, "TestStartedTogether"), of(inStore, "TestOpenNewFileAtOnce", "TestLockOfOtherProcess", "TestFileBehindALink")...)},
		{group, "A restart of a job that is cut off forgets too little, never too much.",
			"A restart that ends between its two writes.",
			of(inEngine, "TestARestartThatIsCutOff")},
		{group, "What the state has recorded is recorded whole.",
			"`kill -9` of a process that records without a pause, and of one that makes the file.",
			of(inStore, "TestKill", "TestKillWhileOpening")},
		{group, "A state that is damaged, or was written by a newer version, is refused with advice.",
			"Files cut, overwritten, of other programs, of later versions.",
			of(inStore, "TestOpenRefuses", "TestDamageFoundLater")},
		{group, "Whatever happens in weeks of a directory's life, the application follows.",
			"Random directories, compared with a model after each cycle, with faults, stops and restarts in between.",
			of(inEngine, "TestLifeFollowsTheModelOneRequestAtATime", "TestLifeFollowsTheModelManyRequestsAtATime", "TestLifeSettlesAfterTurmoil", "TestLifeSettlesAfterHardship")},
	}
}

func disks() []promise {
	const group = "Disk and clock"
	return []promise{
		{group, "After a power failure the state opens, and the next cycle brings everything into agreement.",
			"A disk that loses, keeps or tears any part of what was not synchronised.",
			of(inDisk, "TestPowerLoss", "TestPowerLossKeepsWhatWasRecorded")},
		{group, "A full disk ends the cycle with words that say so. Nothing is half recorded, and once there is room the next cycle goes on.",
			"Disks that are full at a random size, of a file system in memory and of the kernel's; limits of file sizes.",
			append(of(inDisk, "TestFullDisk", "TestFullFileSystem", "TestFileSizeLimit"), of(inStore, "TestDiskFull")...)},
		{group, "Where the state cannot be written, nothing is written to the application. Commands that only read go on where they can.",
			"Files and folders that are missing or may not be written, every command; a disk that turns read-only in the middle of a cycle.",
			of(inDisk, "TestReadOnly", "TestDiskTurnsReadOnly")},
		{group, "A clock that jumps deletes nobody early, gives up no object, loses no log entry, and lets no job wait for years.",
			"Jumps from hours to decades, both ways, within cycles and between them.",
			of(inEngine, "TestJumpsOfTheClock", "TestAWrongClockDeletesNobody", "TestAWrongClockKeepsTheLog", "TestAWrongClockGivesNobodyUp", "TestAClockThatIsPutBackKeepsNoJobWaiting")},
	}
}

func applications() []promise {
	const group = "Applications that misbehave"
	return []promise{
		{group, "After days of bad weather the application is what it would have been in good weather, without a duplicate. An administrator is needed only where a guard asks.",
			"A proxy that does everything that applications and networks do on bad days, for days of a fake clock; before the sandbox and before better-auth.",
			of(inTorture, "TestBadWeather", "TestBadWeatherBeforeBetterAuth")},
		{group, "Each kind of wrong answer ends as is defined for it, and a create is never sent twice.",
			"Timeouts, resets, HTML, truncated and huge answers, redirects, answers without an id or a list, several matches, every code of importance.",
			of(inSCIM, "TestMisbehaviour", "TestSloppyAnswers", "TestStrangeAnswers", "TestSeveralMatches", "TestAWriteIsSentOnce", "TestDoubt")},
		{group, "A request whose answer is lost is settled before anything else is done to the object.",
			"Creates, deletes, members and managers whose answers never come, and directories that change meanwhile.",
			of(inEngine, "TestACreateWithoutAnAnswerIsFoundAgain", "TestACreateWithoutAnAnswerOutlivesItsEscrow", "TestADeleteWithoutAnAnswer", "TestADeletedGroupThatReturnsIsPutBackAtOnce",
				"TestAMemberWhoseAdditionGotNoAnswerCanLeave", "TestAMemberWhoseRemovalGotNoAnswerCanReturn", "TestAManagerWhoseRemovalGotNoAnswerCanReturn")},
		{group, "An application that asks for time gets it, from the whole job, and the job finds its speed again.",
			"429 and 503 with Retry-After in seconds and as dates, in many forms.",
			of(inSCIM, "TestTheWholeJobPauses", "TestTheSpeedComesBack", "TestFormsOfRetryAfter", "TestPublishedLimits")},
		{group, "An application that loses its accounts, and one that answers for all that they are gone, gets nothing deleted for it.",
			"404 for one object, for every object, and for every id while lists are answered.",
			of(inEngine, "TestAnObjectThatTheApplicationLost", "TestGoneIsBelievedOnlyOfAnApplicationThatAnswers", "TestAnObjectThatIsFoundAfterAllIsNotGone", "TestAnObjectThatIsListedIsNotGone", "TestAnApplicationThatFallsSilent")},
	}
}

func secrets() []promise {
	const group = "Secrets"
	return []promise{
		{group, "No token, password or key is printed or written, by any command, at any level of detail, in any trace, in a panic.",
			"Every command with secrets of all kinds, and an application that repeats them.",
			append(append(of(inProgram, "TestSecretsStaySecret", "TestSecretsInWrongPlaces", "TestAPanicShowsNoSecret"), of(inConfig, "TestSecretIsNeverPrinted", "TestMasker")...),
				of(inTrace, "TestKilled")...)},
		{group, "A token never goes to another host.",
			"Redirects of every code.",
			of(inSCIM, "TestRedirectsOfEveryCode")},
		{group, "Connections are encrypted with TLS 1.2 or newer; plain HTTP goes to this machine alone, unless it is allowed.",
			"Old versions of TLS, certificates that are expired, of another name or another authority; client certificates.",
			append(of(inSCIM, "TestCertificatesOfTheApplication", "TestClientCertificates", "TestNoTLS", "TestRenewedCertificates"),
				of(inProgram, "TestTheProgramRefusesOldTLS", "TestPlainHTTPIsForThisMachine", "TestPrivateAuthority")...)},
		{group, "State, locks, temporary files and traces can be read by their owner alone.",
			"Every file that the program makes, under any umask.",
			append(of(inProgram, "TestFilesAreForTheirOwner"), of(inStore, "TestFilesAreTheirOwnersAlone")...)},
		{group, "What stands in a directory is data: it moves no terminal, and no spreadsheet calculates it.",
			"A directory and an application whose every text is hostile; names that are formulas.",
			of(inProgram, "TestValuesOfADirectoryAreData", "TestFilesOfAHostileDirectory", "TestNoFormulaInCSV", "TestInputThatIsMadeToHurt", "TestAnswersThatAreMadeToHurt")},
	}
}

func people() []promise {
	const group = "Telling people"
	return []promise{
		{group, "Whoever is to be told of a quarantine, of deletions held back and of recovery is told, once per reason.",
			"Reasons that come, stay, change and go; several channels, some of which fail.",
			of(inEngine, "TestEachQuarantineIsToldOnce", "TestWhoCouldNotBeToldIsToldAfterTheNextCycle", "TestAQuarantineThatSomebodyEnded")},
		{group, "Mails arrive at a real mail server, encrypted, and a mail that fails harms no cycle.",
			"A mail server that is down, refuses, or is slow.",
			append(of(inNotify, "TestTheConnectionIsEncryptedAndTheSenderSignsIn", "TestWhatAMailThatFailsSays", "TestAServerThatIsDown"),
				of(inProgram, "TestSyncTells", "TestACycleDoesNotSufferFromAMailThatFails")...)},
		{group, "A webhook is signed, tried again, and its errors hold no secret.",
			"Servers that refuse and fall silent.",
			of(inNotify, "TestWhatAWebhookGets", "TestAWebhookIsTriedAgain", "TestAWebhooksErrorsHoldNoSecret", "TestSign")},
	}
}

func stopping() []promise {
	const group = "Stopping"
	return []promise{
		{group, "SIGTERM ends the daemon between two requests; the next cycle goes on from there.",
			"SIGTERM at random requests of cycles, and a word to stop at each request of one that has everything in it.",
			append(of(inTorture, "TestDaemonStops"), of(inEngine, "TestAnInterruptedCycleGoesOnWithoutDuplicates", "TestACycleThatIsStoppedFinishesTheMemberInHand", "TestAMemberThatIsBrokenOffIsNoFailureAndTheOthersAreRemembered", "TestStoppedAtEveryRequest", "TestApplyIsStoppedBeforeItBegins")...)},
		{group, "Pausing a job ends its cycle between two objects, also from another process, and none begins before it is started.",
			"Pauses before, between and within objects.",
			of(inEngine, "TestPauseEndsACycleBetweenTwoObjects", "TestPauseEndsACycleBetweenTwoMembers", "TestNoCycleOfAPausedJobBegins", "TestAnotherProcessPausesTheDaemonsCycle")},
	}
}
