# lachan check

check-name = { $name } { $type }
check-name-shown = { $name } { $type } ({ $shown })
check-tier = { $tier }
check-group = { $group } ({ $tier }, { $mode })
check-outcome = { $whom }: { $verdict }
check-because = because
check-answer = answer
check-no-answer = no answer
check-category = category
check-service = service
check-list = list
check-rule = rule
check-rule-line = { $rule } (line { $line })
check-school-rule = decision
check-link = at the name
check-aliases = aliases
check-error = EDE
check-no-timetable = None of these changes by itself.
check-not-resolved = Not resolved: names that it leads to (CNAME, HTTPS) were not looked at.
check-every-rule = every rule
check-version = version
check-line = line

check-looked-up = looking up `{ $name }` (`{ $written }`: { $why })
not-a-name = `{ $written }` is not a name: { $why }
check-from-disk = no server runs: this is by the index on disk, not what the network answers now
check-no-server = the server does not run, so nothing can be resolved: leave out --resolve
check-no-index = no usable index: run `lachan lists compile` or the server first ({ $error })
check-no-type = there is no RR type `{ $written }`: A, AAAA, HTTPS, MX, TXT, TYPE65 …
check-no-tier = there is no tier `{ $written }`: { $known }
check-no-group = there is no group `{ $written }`: { $known }

group-default = default
group-unknown = unknown
mode-filter = filtered
mode-allow-only = allow-only
mode-monitor = monitored
mode-open = not filtered

verdict-block = block
verdict-monitor = monitor
verdict-local = answered here
verdict-refuse = refused
verdict-altered = records left out
verdict-allow = allow

because-locked = locked
because-school = school rule
because-service = service switched off
because-policy-zone = policy zone
because-category = category
because-allow-only = not on the allow list
because-hard-protected = hard-protected
because-soft-protected = soft-protected
because-allow-set = on the allow list
because-open-group = open group
because-local = the server's own data
because-canary = canary, always no such name
because-private-address = leads into the school's network
because-access = the client may not ask
because-type = no RR type to ask for
because-nothing-forbids = nothing forbids it

rule-exact = exactly { $name }
rule-subtree = { $name } and all below
rule-pattern = pattern { $pattern }
rule-brand = like the bookmaker “{ $brand }”: { $names } names known
rule-children = all below { $name }
says-exception = exception from { $category }
says-outweighed = { $category }, not counted: one list alone says so
says-excepted = { $category }, excepted
says-allow-set = allow set { $set }
says-service = service { $service }
says-hard = hard-protected
says-soft = soft-protected
