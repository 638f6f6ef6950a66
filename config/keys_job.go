package config

import (
	"regexp"
	"time"
)

const (
	defaultInterval      = 40 * time.Minute // as Entra's (scim-client-wire 7.1)
	defaultRecycleBin    = 30 * 24 * time.Hour
	defaultThreshold     = 500
	defaultShare         = 20 // percent
	defaultMembers       = 30 // percent
	defaultWindow        = 24 * time.Hour
	defaultWindowShare   = 30 // percent
	defaultWindowMembers = 50 // percent
	defaultAge           = time.Hour
	defaultStaleAfter    = 7 * 24 * time.Hour
	defaultConcurrency   = 8
	maxConcurrency       = 64
	minInterval          = time.Second

	notYet = "not supported in this version"
)

// jobShape describes a job file.
func jobShape() *shape {
	return &shape{
		kind:  object,
		about: "A synchronization job of scimsync: from one directory source to one application.",
		keys: []key{
			{name: "name", required: true, shape: shape{
				kind: text, examples: []string{"blogin"},
				pattern: &pattern{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`), "a job name: up to 64 letters, digits and dashes, beginning with a letter or digit"},
				about:   "The job's name: letters, digits and dashes. Commands, the log and the state know the job by it.",
			}},
			{name: "source", required: true, shape: sourceShape()},
			{name: "target", required: true, shape: targetShape()},
			{name: "settings", shape: settingsShape()},
			{name: "mappings", shape: mappingsShape()},
		},
	}
}

func sourceShape() shape {
	file := func(about, example string) shape {
		return shape{kind: text, refers: true, about: about, examples: []string{example}}
	}
	return shape{
		kind: object, about: "The directory that users and groups are read from. Paths are relative to this file.",
		keys: []key{
			{name: "kind", required: true, shape: shape{
				kind: text, enum: []string{"export"}, later: map[string]string{"ldap": notYet, "msgraph": notYet},
				about: "What kind of source it is: export, a directory export on disk.",
			}},
			{name: "users", required: true, shape: file(
				"The users: Graph JSON or the portal's CSV. A glob is read as one export, in the order of the names.", "../directory/users.json")},
			{name: "groups", shape: file("The groups with their members. Leave it out if groups are not provisioned.", "../directory/groups.json")},
			{name: "assignments", shape: file(
				"Who is assigned to the application: Graph's appRoleAssignedTo of its service principal.", "../directory/appRoleAssignments.json")},
			{name: "deletedUsers", shape: file("Soft-deleted users: Graph's directory/deletedItems.", "../directory/deletedUsers.json")},
		},
	}
}

func targetShape() shape {
	return shape{
		kind: object, about: "The application that objects are provisioned to.",
		exclusive: [][]string{{"secretToken", "oauth", "workloadIdentity"}},
		keys: []key{
			{name: "kind", required: true, shape: shape{kind: text, enum: []string{"scim"}, about: "What kind of target it is: scim, a SCIM 2.0 endpoint."}},
			{name: "tenantURL", required: true, shape: shape{
				kind: text, refers: true, examples: []string{"https://app.example.com/scim/v2?aadOptscim062020"},
				about: "The base URL of the SCIM endpoint, as in the portal's Tenant URL. The feature flag aadOptscim062020 in its query chooses the compliant PATCH dialect.",
			}},
			{name: "secretToken", shape: shape{
				kind: text, refers: true, secret: true, pattern: headerText(), examples: []string{"${env:BLOGIN_TOKEN}", "${file:/run/secrets/blogin}"},
				about: "The bearer token, as in the portal's Secret Token: ${env:NAME} or ${file:PATH}. Without it, and without oauth and workloadIdentity, requests carry no Authorization header.",
			}},
			{name: "oauth", shape: oauthShape()},
			{name: "workloadIdentity", shape: workloadIdentityShape()},
			{name: "allowHTTP", shape: shape{
				kind: boolean, fallback: false, about: "Allow plain http to a host other than this machine. The token then travels unencrypted.",
			}},
			{name: "tls", shape: tlsShape()},
			{name: "rateLimit", shape: rateLimitShape()},
			{name: "timeout", shape: shape{kind: duration, min: int64(time.Second), fallback: "90s", about: "How long one try of a request may take."}},
			{name: "retries", shape: shape{
				kind: integer, max: 20, fallback: 3, about: "How often a request that is safe to repeat is tried again after a passing fault.",
			}},
			{name: "membersPerPatch", shape: shape{
				kind: integer, min: 1, max: 1000, fallback: 1, about: "How many members one PATCH adds to a group or removes from it. Entra sends one.",
			}},
			{name: "profile", shape: shape{
				kind: text, enum: []string{profileEntra, profileExtended, profileEntra2018}, fallback: profileEntra,
				about: "Sets switches of behavior together; one that stands there wins. entra: as Entra is. extended: with healReferences, " +
					"onMissingTarget: rematch, flattenNestedGroups, alwaysAddMembers, and flowNullValues for every attribute that can be cleared. " +
					"entra2018: with findBeforeUpdate, memberRefNull and legacyGroupSchema.",
			}},
			{name: "behavior", shape: behaviorShape()},
		},
	}
}

func behaviorShape() shape {
	toggle := func(name, about string) key {
		return key{name: name, shape: shape{kind: boolean, fallback: false, about: about}}
	}
	return shape{
		kind:  object,
		about: "Switches for what is known to differ between versions of Entra. Without them, requests are those of today's Entra.",
		keys: []key{
			{name: "patch", shape: shape{
				kind: text, enum: []string{"standard", "compliant"},
				about: "The PATCH dialect, whatever the tenant URL says: standard without aadOptscim062020, compliant with it.",
			}},
			{name: "managerRemoval", shape: shape{
				kind: text, enum: []string{"emptyValue", "remove", "leave"}, fallback: "emptyValue",
				about: "How a manager is taken away that the source has cleared: by an empty value, by the remove operation, or not at all. One that was not set by the job stays in any case.",
			}},
			toggle("healReferences", "Set references and members that could not be set once the object that they refer to is provisioned. Entra leaves them until a restart."),
			{name: "onMissingTarget", shape: shape{
				kind: text, enum: []string{"fail", "rematch"}, fallback: "fail",
				about: "What becomes of a connected object that the application no longer has: fail, as with Entra, or rematch, which finds it again or creates it.",
			}},
			toggle("passFlags", "Send the feature flags of the tenant URL on to the application."),
			toggle("memberRefNull", `Write members as {"$ref":null,"value":"…"}.`),
			toggle("legacyGroupSchema", "Create groups with the second schema that Microsoft's older samples show."),
			toggle("omitEmptyRoles", "Leave the empty roles array out of created users."),
			toggle("flattenNestedGroups", "Let a group have the members of the groups in it, at any depth, in the place of these: they are assigned with it, and are its members. To Entra only direct members count."),
			toggle("alwaysAddMembers", "Add members also to a group whose members the application showed although they were excluded. Entra replaces them, and the newest member is left alone."),
			{name: "membersPerPatch", shape: shape{
				kind: integer, min: 1, max: 1000, fallback: 1, about: "The same as target.membersPerPatch, and wins over it.",
			}},
			{name: "compressClock", shape: shape{
				kind: integer, min: 1, max: 1000000, fallback: 1,
				about: "How many times faster Entra's times pass: the 40 minutes between cycles and the 30 days of a soft deletion, unless they are set, the pauses before a failed object is tried again, and those of a quarantine. For tests.",
			}},
			toggle("findBeforeUpdate", "Ask for a connected object by its matching attribute too before it is updated, as Entra did in 2018."),
			toggle("checkReferences", "Ask whether the application has a reference already before writing it."),
			toggle("ignoreRetryAfter", "Wait as long as scimsync sees fit, whatever Retry-After says."),
			{name: "adscimVersion", shape: shape{kind: text, pattern: headerText(), fallback: "5.0", about: "The value of the vendor header ADSCIMVersion, by which some applications recognise Entra; none leaves it out."}},
		},
	}
}

func settingsShape() shape {
	assigned := func(about string) shape {
		return shape{kind: list, items: &shape{kind: text, loose: true}, about: about}
	}
	return shape{
		kind: object, about: "The job's settings, as on the portal's provisioning page.",
		exclusive: [][]string{{"interval", "cron"}},
		keys: []key{
			{name: "scope", shape: shape{
				kind: text, enum: []string{"assigned", "all"}, fallback: "assigned",
				about: "assigned: sync only assigned users and groups. all: sync all users and groups.",
			}},
			{name: "assigned", shape: shape{
				kind: object, about: "Assignments by name, instead of source.assignments or beside it.",
				keys: []key{
					{name: "groups", shape: assigned("Groups by display name or object id. Their direct members are assigned with them; with flattenNestedGroups, members of nested groups too.")},
					{name: "users", shape: assigned("Users by userPrincipalName, mail or object id.")},
				},
			}},
			{name: "interval", shape: shape{
				kind: duration, min: int64(minInterval), fallback: "40m", about: "How long after the end of a cycle the next one starts.",
			}},
			{name: "cron", shape: shape{
				kind: text, examples: []string{"0 */2 * * *", "CRON_TZ=Europe/Berlin 30 6 * * 1-5"},
				about: "When cycles start, as a cron expression of five fields, instead of interval.",
			}},
			{name: "notificationEmail", shape: shape{
				kind: text, refers: true, pattern: mailAddresses(), examples: []string{"it@contoso.com", "it@contoso.com, ada@contoso.com"},
				about: "Who gets a mail when the job goes into quarantine, holds deletions back, or is well again: addresses with commas or semicolons between them. It needs smtp in the daemon file.",
			}},
			{name: "notificationWebhook", shape: shape{
				kind: text, refers: true, secret: true, examples: []string{"https://hooks.contoso.com/blogin", "${env:BLOGIN_WEBHOOK}"},
				about: "A web address that gets the notifications of this job, beside the webhook of the daemon file: https, or http to this machine.",
			}},
			{name: "preventAccidentalDeletions", shape: shape{
				kind: object, about: "Stop a cycle before its first write if it would delete or disable many objects. allow-deletes lets one cycle do it.",
				keys: []key{
					{name: "enabled", shape: shape{kind: boolean, fallback: true, about: "Whether deletions are held back."}},
					{name: "threshold", shape: shape{
						kind: integer, min: 1, fallback: defaultThreshold, about: "How many objects, users and groups, deleted or disabled stop a cycle.",
					}},
					{name: "share", shape: shape{
						kind: integer, min: 1, max: 100, fallback: defaultShare,
						about: "How large a share of the active users, or of the active groups, in percent, a cycle may delete or disable. It counts from 20 of them up.",
					}},
					{name: "members", shape: shape{
						kind: integer, min: 1, max: 100, fallback: defaultMembers,
						about: "How large a share of all memberships, in percent, a cycle may remove; a group that is deleted loses all of its own. It counts from 100 memberships up.",
					}},
					{name: "window", shape: shape{
						kind: duration, fallback: "24h", about: "For how long what was deleted and disabled counts to windowThreshold, windowShare and windowMembers, so that slow drips count; threshold and share are of one cycle.",
					}},
					{name: "windowThreshold", shape: shape{
						kind: integer, min: 1, fallback: defaultThreshold, about: "How many objects deleted or disabled within window stop a cycle.",
					}},
					{name: "windowShare", shape: shape{
						kind: integer, min: 1, max: 100, fallback: defaultWindowShare,
						about: "How large a share of the users that were active when the window began, in percent, may be deleted or disabled within it. It counts from 20 of them up.",
					}},
					{name: "windowMembers", shape: shape{
						kind: integer, min: 1, max: 100, fallback: defaultWindowMembers,
						about: "How large a share of the memberships that there were when the window began, in percent, may be removed within it. It counts from 100 memberships up.",
					}},
				},
			}},
			{name: "sourceCheck", shape: shape{
				kind: object, about: "Stop a cycle before its first write if the source has lost much since the last one. allow-deletes lets one cycle go on.",
				keys: []key{
					{name: "enabled", shape: shape{kind: boolean, fallback: true, about: "Whether the source is compared with what it was."}},
					{name: "share", shape: shape{
						kind: integer, min: 1, max: 100, fallback: defaultShare,
						about: "How large a share of its users, or of its groups, in percent, the source may lose from one cycle to the next. It counts from 20 up; a source that has no users any more, or no groups, is always too little.",
					}},
					{name: "age", shape: shape{kind: duration, fallback: "1h", about: "How much older than the last one the source may be."}},
					{name: "staleAfter", shape: shape{
						kind: duration, fallback: "168h", about: "How old the source may be before each cycle, and status, warn that nobody seems to write it any more. Nothing is stopped.",
					}},
				},
			}},
			{name: "skipOutOfScopeDeletions", shape: shape{
				kind: boolean, fallback: false, about: "Leave objects that go out of scope as they are in the application, instead of disabling them.",
			}},
			{name: "recycleBin", shape: shape{
				kind: duration, fallback: "720h", about: "How long an object that left the export counts as soft-deleted before it counts as deleted.",
			}},
			{name: "concurrency", shape: shape{
				kind: integer, min: 1, max: maxConcurrency, fallback: defaultConcurrency, about: "How many requests are sent to the application at a time.",
			}},
		},
	}
}
