import os
os.makedirs('testdata/validate',exist_ok=True)
HEAD='''name: blogin
source:
  kind: export
  users: users.json
target:
  kind: scim
  tenantURL: https://app.example.com/scim
  secretToken: ${env:TOKEN}
settings:
  scope: all
'''
cases={}
def case(name, comment, **files):
    cases[name]=(comment, files)
def f(**kw): return kw
def add(name, comment, files):
    files.setdefault('users.json','[]\n')
    with open('testdata/validate/%s.txtar'%name,'w') as w:
        w.write(comment+'\n')
        for k,v in files.items():
            if not v.endswith('\n'): v+='\n'
            w.write('-- %s --\n%s'%(k,v))
add('minimal','The least that a job needs.',{'job.yaml':HEAD})
add('unknown-keys','Unknown keys, near to known ones and far from them, all at once.',{'job.yaml':'''nme: blogin
source:
  kind: export
  users: users.json
  userz: users.json
target:
  kind: scim
  tenantUrl: https://app.example.com/scim
  secretToken: ${env:TOKEN}
Settings:
  scope: all
colour: blue
'''})
add('duplicate-keys','A key that stands twice in one mapping.',{'job.yaml':HEAD+'''  interval: 40m
  interval: 20m
name: other
'''})
add('wrong-types','Values of another type than the key wants.',{'job.yaml':'''name: 2024-01-01
source: users.json
target:
  - kind: scim
settings:
  scope: true
  assigned: {groups: Sales}
  interval: 40
  preventAccidentalDeletions: {enabled: "yes", threshold: "500"}
  skipOutOfScopeDeletions: no
  concurrency: 8.5
mappings:
  users:
    attributes:
      - userName
'''})
add('empty-values','Keys without a value.',{'job.yaml':HEAD+'''  interval:
  assigned: ~
  notificationEmail: ''
mappings:
  users:
    actions: []
    attributes:
'''})
add('missing-keys','Keys that are needed.',{'job.yaml':'''source: {}
target:
  kind: scim
mappings:
  users:
    scopingFilters:
      - clauses:
          - {value: Sales}
      - title: Nothing in it
    attributes:
      - {source: userPrincipalName}
      - {target: title}
'''})
add('bad-values','Values that are none of those that are right.',{'job.yaml':'''name: BlogIn's job
source:
  kind: exprot
  users: users.json
target:
  kind: SCIM
  tenantURL: https://app.example.com/scim
  secretToken: ${env:TOKEN}
  behavior: {patch: compliance, managerRemoval: delete}
settings:
  scope: assigend
  interval: 30d
  notificationEmail: nobody
  preventAccidentalDeletions: {threshold: 0}
  recycleBin: -1h
  concurrency: 65
mappings:
  users:
    actions: [create, disable]
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: -1, apply: oncreate, type: bool}
'''})
add('later-kinds','Kinds of source that another version may support.',{'job.yaml':HEAD.replace('kind: export','kind: msgraph'),
 'scimsync.yaml':'jobs: [job.yaml, ldap.yaml]\n','ldap.yaml':HEAD.replace('kind: export','kind: ldap').replace('blogin','other')})
add('exclusive-keys','Keys that exclude each other.',{'job.yaml':HEAD+'''  interval: 40m
  cron: 0 * * * *
mappings:
  users:
    scopingFilters:
      - clauses:
          - {attribute: department, operator: EQUALS, value: Sales, values: [Support]}
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {source: jobTitle, constant: Clerk, target: title}
'''})
add('expressions','Faults in expressions, with a caret at the place; the column is that of the file where the expression stands as it is.',{'job.yaml':HEAD+'''mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
      - {expression: 'Joim(" ", [givenName], [surname])', target: name.formatted}
      - expression: Join(" ", [givenName], [surname]
        target: displayName
      - expression: |
          Join(" ",
            [givenName], Tolower)
        target: nickName
      - {expression: "ToLower(\\"x\\", )x", target: title}
'''})
add('mapping-rules','What attribute mappings may not do.',{'job.yaml':HEAD+'''mappings:
  users:
    attributes:
      - {source: displayName, target: displayName}
      - {source: jobTitle, target: displayName}
      - {source: '[jobTitle]', target: title}
      - {constant: everybody, target: userName, matchingPrecedence: 1}
      - {source: manager, default: boss, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'}
'''})
add('no-matching','A mapping by which nobody could be found.',{'job.yaml':HEAD+'''mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: userName}
      - {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
'''})
add('target-paths','Target attributes that no application has.',{'job.yaml':HEAD.replace('users.json','users.json\n  groups: groups.json'),'groups.json':'[]'})
open('testdata/validate/target-paths.txtar','w').write('''Target attributes that no application has.
-- job.yaml --
'''+HEAD.replace('users: users.json','users: users.json\n  groups: groups.json')+'''mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: usrName, matchingPrecedence: 1}
      - {source: mail, target: emails.value}
      - {source: givenName, target: name}
      - {source: department, target: department}
      - {source: telephoneNumber, target: 'phoneNumbers[type eq work].value'}
  groups:
    attributes:
      - {source: displayName, target: displayName, matchingPrecedence: 1}
      - {source: members, target: memberz}
-- users.json --
[]
-- groups.json --
[]
''')
add('operators','Clauses that no object could be held against.',{'job.yaml':HEAD+'''mappings:
  users:
    scopingFilters:
      - title: Sales
        clauses:
          - {attribute: department, operator: EQUAL, value: Sales}
          - {attribute: jobTitle, operator: IS NOT NULL, value: x}
          - {attribute: city, operator: REGEX MATCH, value: '(unclosed'}
      - clauses:
          - {attribute: employeeId, operator: Greater_Than, value: ten}
          - {attribute: country, operator: EQUALS}
'''})
add('warnings','What is allowed and yet likely a mistake.',{'job.yaml':HEAD.replace('secretToken: ${env:TOKEN}','secretToken: plain-text-token')+'''  assigned: {users: [ada@contoso.com]}
  notificationEmail: it@contoso.com
mappings:
  users:
    scopingFilters:
      - title: Sales
        clauses:
          - {attribute: departmen, operator: EQUALS, value: Sales}
          - {attribute: employeeId, operator: REGEX MATCH, value: '([1-9][0-9])'}
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {source: jobtitel, target: title}
      - {constant: '${env:TOKEN}', target: nickName}
'''})
add('nobody-assigned','The scope is assigned, which is the default, and nobody is assigned.',{'job.yaml':HEAD.replace('settings:\n  scope: all\n','')})
add('nobody-assigned-explicit','The scope is said to be assigned, and nobody is assigned.',{'job.yaml':HEAD.replace('scope: all','scope: assigned\n  assigned: {groups: [], users: []}')})
add('groups-without-file','A mapping of groups, and no file with groups.',{'job.yaml':HEAD+'''mappings:
  users: {enabled: false}
  groups: {}
'''})
add('nothing-mapped','Mappings that provision nothing.',{'job.yaml':HEAD+'mappings: {users: {enabled: false}}\n'})
add('tenant-urls','Tenant URLs that are none, or not safe. None of the errors repeats what came from a reference.',{
 'scimsync.yaml':'jobs: ["*.job.yaml"]\n',
 'a.job.yaml':HEAD.replace('https://app.example.com/scim','app.example.com/scim').replace('blogin','a'),
 'b.job.yaml':HEAD.replace('https://app','http://app').replace('blogin','b'),
 'c.job.yaml':HEAD.replace('https://app.example.com/scim','"${env:URL}"').replace('blogin','c'),
 'd.job.yaml':HEAD.replace('/scim','/scim?aadOptscim062020&AzureAdScimPatch2017').replace('blogin','d'),
 'e.job.yaml':HEAD.replace('https://app.example.com/scim','https://us%er:pass@app.example.com').replace('blogin','e'),
 'env':'URL=http://internal-name.example.com/scim'})
add('references','References that lead nowhere. An error names the variable or the file, and never a value.',{
 'scimsync.yaml':'jobs: ["*.job.yaml"]\n',
 'a.job.yaml':HEAD.replace('${env:TOKEN}','${env:NO_SUCH_TOKEN}').replace('blogin','a'),
 'b.job.yaml':HEAD.replace('${env:TOKEN}','${file:secrets/missing}').replace('blogin','b'),
 'c.job.yaml':HEAD.replace('${env:TOKEN}','${file:empty}').replace('blogin','c'),
 'd.job.yaml':HEAD.replace('${env:TOKEN}','${evn:TOKEN}').replace('blogin','d'),
 'e.job.yaml':HEAD.replace('${env:TOKEN}','${env:TOKEN').replace('blogin','e'),
 'f.job.yaml':HEAD.replace('users.json','${evn:USERS}').replace('blogin','f'),
 'g.job.yaml':HEAD.replace('${env:TOKEN}','${env:EMPTY}').replace('blogin','g'),
 'h.job.yaml':HEAD.replace('${env:TOKEN}','${file:two-lines}').replace('blogin','h'),
 'i.job.yaml':HEAD.replace('${env:TOKEN}','12345').replace('blogin','i'),
 'empty':'\n','two-lines':'one\ntwo\n','env':'EMPTY='})
add('token-files','Tokens in files: one that everybody may read, and one that is as it should be.',{
 'scimsync.yaml':'jobs: [jobs/*.yaml]\n',
 'jobs/a.yaml':HEAD.replace('${env:TOKEN}','${file:../public-token}').replace('blogin','a').replace('users.json','../users.json'),
 'jobs/b.yaml':HEAD.replace('${env:TOKEN}','${file:../private-token}').replace('blogin','b').replace('users.json','../users.json'),
 'public-token':'abc123','private-token':'def456'})
add('names-twice','Two files with one job name.',{'scimsync.yaml':'jobs: [jobs/*.yaml]\n','jobs/one.yaml':HEAD.replace('users.json','../users.json'),'jobs/two.yaml':'# the other\n'+HEAD.replace('users.json','../users.json')})
add('many-files','Errors of all files at once, by file and line.',{'scimsync.yaml':'''jobs: [jobs/*.yaml, more.yaml, none/*.yaml]
state: postgres://scimsync:hunter2@db.example.com/scimsync
listen: 0.0.0.0:8650
log: {level: loud}
''','jobs/b.yaml':HEAD.replace('scope: all','scope: some'),'jobs/a.yaml':'name: [a]\n'+HEAD[13:].replace('https','ftp')})
add('daemon-values','Faults in the daemon file.',{'scimsync.yaml':'''jobs: job.yaml
state: sqlite:///var/lib/scimsync.db
listen: localhost
apitoken: x
log: {level: warning, format: text}
smtp: {port: 70000, username: ada}
''','job.yaml':HEAD})
add('daemon-listen','An address that others can reach needs a token.',{'scimsync.yaml':'''jobs: [job.yaml]
listen: :8650
smtp: {host: mail.contoso.com, from: scimsync@contoso.com, password: hunter2}
''','job.yaml':HEAD})
add('daemon-without-jobs','No jobs in the daemon file.',{'scimsync.yaml':'state: sqlite:scimsync.db\n'})
add('daemon-environment','The environment goes before the file, and its errors name the variable.',{'scimsync.yaml':'''jobs: [none.yaml]
state: sqlite:scimsync.db
apiToken: ${file:/run/secrets/none}
''','job.yaml':HEAD,'env':'''SCIMSYNC_JOBS=job.yaml, gone.yaml
SCIMSYNC_LOG_LEVEL=noisy
SCIMSYNC_SMTP_PORT=many
SCIMSYNC_API_TOKEN=from-the-environment
SCIMSYNC_LISTEN=0.0.0.0'''})
add('cron','Cron expressions that are none.',{'scimsync.yaml':'jobs: ["*.job.yaml"]\n',
 **{n+'.job.yaml':HEAD.replace('blogin',n)+'  cron: "%s"\n'%c for n,c in dict(a='CRON_TZ=UTC',b='0 */2 * *',c='0 0 31 2 *',d='CRON_TZ=Mars/Olympus 0 * * * *',e='TZ=UTC',f='@fortnightly',g='CRON_TZ=Europe/Berlin 30 6 * * 1-5').items()}})
add('yaml-syntax','Files that are no YAML, or more than one document.',{'scimsync.yaml':'jobs: ["*.job.yaml"]\n',
 'a.job.yaml':HEAD+'\tinterval: 40m\n','b.job.yaml':HEAD+'mappings: {users: {attributes: [{source: mail, target: emails[type eq "work"].value}]}}\n',
 'c.job.yaml':HEAD+'---\n'+HEAD,'d.job.yaml':'# nothing\n','e.job.yaml':'- a\n- list\n','f.job.yaml':HEAD+"  cron: @daily\n",
 'g.job.yaml':HEAD+'  cron: *none\n','h.job.yaml':'just text\n','i.job.yaml':'name: a: b\n'})
add('anchors','Anchors and merge keys are fine.',{'job.yaml':HEAD.replace('users: users.json','users: users.json\n  groups: users.json')+'''mappings:
  users:
    scopingFilters:
      - &sales
        title: Sales
        clauses: &clauses
          - {attribute: department, operator: EQUALS, value: Sales}
      - {<<: *sales, title: Also}
    attributes:
      - &matching {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {<<: *matching, source: accountEnabled, target: active, matchingPrecedence: 0}
  groups:
    attributes:
      - {<<: [*matching], source: displayName, target: displayName}
      - {source: members, target: members}
'''})
bomb=HEAD+'''mappings:
  users:
    scopingFilters:
      - &f
        clauses: &c
          - &d {attribute: department, operator: EQUALS, values: &v [%s]}
%s%s'''%(', '.join(['a']*100), '          - *d\n'*100, '      - *f\n'*100)
add('alias-bomb','A few lines that stand for millions of values, and a merge key that leads back to itself.',{'scimsync.yaml':'jobs: [job.yaml, loop.yaml]\n','job.yaml':bomb,'loop.yaml':HEAD.replace('blogin','loop')+'mappings: &m\n  <<: *m\n'})
add('files','Files of a source that are not there.',{'job.yaml':HEAD.replace('users: users.json','users: export/*.json\n  groups: gone.json\n  assignments: folder')
,'folder/x':'x'})
add('quoted','Values that YAML reads as numbers or truth values, where they may be written so.',{'job.yaml':HEAD.replace('scope: all','assigned: {users: [1001]}')+'''mappings:
  users:
    scopingFilters:
      - clauses:
          - {attribute: employeeId, operator: GREATER THAN, value: 100}
          - {attribute: usageLocation, operator: EQUALS, values: [NO, SE]}
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {source: accountEnabled, target: active}
      - {constant: true, target: 'urn:example:params:scim:schemas:extension:blog:2.0:User:editor', type: boolean}
      - {source: employeeId, default: 0, target: 'urn:example:params:scim:schemas:extension:blog:2.0:User:number', type: integer, apply: onCreate}
'''})
