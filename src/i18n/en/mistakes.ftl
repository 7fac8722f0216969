# lachan config check, lachan config init: what is wrong with a config, and the questions of a new one.

# clash
clash-overlap = the range { $range } is in group "{ $first }" and in group "{ $second }"
clash-overlap-group-first = group "{ $first }"
clash-overlap-fix = leave it in one group, or split it (the longer prefix wins)
clash-duplicate = the { $noun } `{ $found }` is there twice
noun-the-first = the first
clash-taken = the name `{ $found }` is used by the program itself
clash-taken-fix = choose another name
clash-not-with = `{ $key }` does not go with `{ $other }`
clash-not-with-fix = remove `{ $key }` or `{ $other }`
clash-nobody-to-ask = mode = "forward", but there are no servers for the zone "."
clash-nobody-to-ask-fix = add [[resolve.forward]] with zone = "." and servers = ["…"], or use mode = "recursive"
clash-nothing-to-recurse = the zone "." forwards every question, but mode = "recursive"
clash-nothing-to-recurse-fix = set mode = "forward", or remove the zone "."
clash-no-allow-set = "{ $who }" may reach allow sets only, and has none
clash-no-allow-set-fix = add allow_sets = ["learning"]
clash-laxer = { $younger } may reach what { $older } may not: { $list }
clash-laxer-fix = add it to `blocked`; if it is meant, say so in `laxer_than_older`
clash-laxer-older-blocks-it = { $older } blocks it
clash-page = `page` is of use only with answer = "page"
clash-page-answer-page-needs = answer = "page" needs the block page's addresses
clash-page-fix = add page = ["192.0.2.10"]
clash-open-resolver = `{ $found }` lets the whole Internet ask: the server would be used in attacks
clash-open-resolver-fix = write the school's own ranges
clash-kept-shorter = `{ $shorter }` is shorter than `{ $longer }`
clash-kept-shorter-fix = make `{ $shorter }` at least as long as `{ $longer }`
clash-asks-itself = `{ $found }` is this very server: questions would go in circles
clash-tier-without-group = the school has the level `{ $tier }`, but no group is of that tier
clash-tier-without-group-fix = add a [[group]] of that tier, or take it out of `level`
clash-not-allowed = clients in { $range } may not ask
clash-not-allowed-fix = add "{ $range }" to `allow` in [access]
clash-rule-for-everything = a rule for "." is a rule for every name
clash-rule-for-everything-fix = change the `mode` of the group instead
clash-both-ways = `{ $name }` is both allowed and blocked for the same clients
noun-allowed-here = allowed here
clash-fold-threats = `www.` is not folded for `{ $category }`: it may be www.x alone that is bad
clash-cname-and-more = `{ $name }` is a CNAME and has other records too
noun-the-other-record = the other record
clash-public-suffix = `{ $found }` is what many sites end in (a public suffix), not a site
clash-public-suffix-fix = write the site's own name, such as `{ $example }`
clash-one-word = `{ $found }` is one word: no site of the internet has such a name
clash-one-word-fix = write the whole name, such as `facebook.com`
clash-always-open = `{ $found }` is always open: connectivity checks, time, PKI, updates, national education
clash-always-open-fix = remove the rule
clash-rule-for-nobody = the rule for `{ $found }` is for no group of clients
clash-rule-for-nobody-fix = change its `tiers` or `groups`; an allow rule for guests must name them: tiers = ["guest"]
noun-rule = rule
clash-never-decides = the block of `{ $found }` never decides: the same name is allowed
clash-never-decides-the-rule-for = the rule for `{ $found }` never decides: the other covers all of it
noun-the-other = the other
clash-never-decides-fix = remove one, or change scope, tiers or groups
clash-group-without-clients = the group "{ $group }" has no clients: all its ranges belong to longer prefixes of other groups
clash-group-without-clients-fix = change its `from`, or remove the group
clash-unused-allow-set = no group and no tier uses the allow set `{ $found }`: it opens nothing
clash-unused-allow-set-fix = write allow_sets = ["{ $found }"] into a group with mode = "allow-only"; to open a blocked name use [school_rules] allow
clash-allow-set-without-mode = the allow set `{ $found }` is of use only in mode allow-only, and this group's mode is { $mode }
clash-allow-set-without-mode-fix = add mode = "allow-only", or remove `allow_sets`
clash-answered-here = `{ $found }` is answered by this server itself, before any rule
clash-answered-here-fix = remove the rule; names of the school are in [[local]], signals of browsers go by [resolve] canaries

# fill/group
noun-groups = groups
noun-mode = mode
noun-group = group
noun-range = range

# fill/list
noun-lists = lists
noun-list = list
noun-kind-of-list = kind of list
noun-list-format = list format
noun-way-to-match-names = way to match names

# fill/mod
noun-tier = tier
noun-category = category
noun-category-or-service = category or service

# fill/policy
noun-treatment-of-clones = treatment of clones
noun-answer-style = answer style
noun-addresses-a-family = addresses a family

# fill/resolve
noun-mode-of-resolution = mode of resolution
noun-mode-of-qname-minimisation = mode of qname minimisation
noun-treatment-of-sha-1 = treatment of SHA-1 signatures
noun-name = name
noun-local-zone-that-can = local zone that can be left to others
noun-forward-zone = forward zone
noun-servers = servers
noun-server = server
noun-record = record
noun-record-type-for-local = record type for [[local]]
noun-zone = zone

# fill/rpz
noun-policy-zones = policy zones
noun-policy-zone = policy zone
noun-policy-of-a-zone = policy of a zone
noun-algorithm = algorithm

# fill/rule
noun-rules = rules
noun-scope = scope

# fill/service
noun-tier-of-pupils = tier of pupils
noun-language = language
noun-way-to-refuse = way to refuse
noun-address = address
noun-way-to-keep-devices = way to keep devices

# init/lists
init-lists = The starter lists are always there. The recommended set ({ $set } public, free lists) is fetched too, renewed each day; which and why: blocklists/recommended.toml
init-lists-fetch-the-recommended = Fetch the recommended set? y: yes, n: no; or ids in blocklists/catalogue.toml besides, separated by commas
init-lists-no-list-word = no list "{ $word }"{ $meant }
init-lists-at-most-most = at most { $most } lists

# init/mod
init-interview = Tiếng Việt hay English? (vi, en)
init-interview-write-vi-or = write vi or en
init-interview-name-of-the = Name of the school
init-interview-the-name-is = the name is too long
init-levels = Levels, separated by commas (preschool, primary, lower secondary, upper secondary)
init-levels-primary = primary
init-levels-no-level-word = no level "{ $word }"
init-levels-at-least-one = at least one is needed
init-state = Folder for the log and the lists (auto: the program chooses)
init-state-write-an-absolute = write an absolute path

# init/networks
init-networks = Range of addresses, such as 10.10.1.0/24 (empty: done)
init-networks-no-network-has = No network has pupils: the networks are left out, all clients are of one level.
init-range = Range of addresses; this machine is in { $net } ({ $interface }) (-: not that one)
init-confirmed = Do you mean the network { $net }? (y/n)
init-confirmed-y = y
init-confirmed-write-y-yes = write y (yes) or n (no)
init-fits = { $net } is there already
init-fits-then-the-network = then the network "{ $name }" has no clients left: the longer prefix wins
init-network = Network { $number }
init-network-name-of-the = Name of the network
init-network-choose-another-name = choose another name
init-network-whom-it-is = Whom it is for (preschool, primary, lower secondary, upper secondary, staff, guest, devices)
init-network-no-tier-answer = no tier "{ $answer }"
init-ranges = "{ $word }" is not a range; write 192.168.1.0/24, 192.168.1.x or 192.168.1.10-50

# init/servers
init-servers = Resolve by itself (empty), or forward to which servers, such as 192.0.2.53, tls://192.0.2.53#dns.example
init-servers-write-meant = write { $meant }
init-servers-written-is-not = "{ $written }" is not the address of a server; write such as 192.0.2.53
init-servers-at-most-most = at most { $most } servers
init-domain = This server is the school's own. Its domain (Active Directory), such as school.local (empty: none)
init-domain-write-the-school = write the school's own domain
init-domain-why-meant = { $why }{ $meant }

# say
say-unreadable = cannot read the file { $path }: { $cause }
say-unreadable-fix = check the path; a relative path starts at the config file's folder
say-no-right-fix = give the right to read it (chown or chmod), or run the command as the service's user or root (sudo)
say-lost = the file is empty (0 octets), perhaps by a power cut while it was written
say-lost-the-file-is = the file is all zero octets: its content is lost, as by a power cut while it was written
say-lost-from-here-on = from here on there are zero octets: this part is lost, as by a power cut while it was written
say-lost-fix = restore it from a backup, or from `text` in last-good/config.json of the state folder
say-too-large = the file has more than { $max } octets; that is no config
say-not-utf8 = the file is in UTF-16 (Notepad calls it Unicode)
say-not-utf8-the-file-is = the file is not UTF-8 text
say-not-utf8-fix = save it again with the encoding UTF-8
say-unknown-key = there is no key `{ $key }` here
say-missing-key = the key `{ $key }` is missing
say-missing-key-fix = add `{ $key } = …`
say-wrong-type-fix = write `{ $fix }`
say-unknown-value = there is no { $noun } `{ $found }`
say-out-of-range = { $found } is outside of what is allowed
say-empty = `{ $key }` must not be empty
say-too-many = too many { $what } (at most { $max })
say-bad-duration = `{ $found }` is not a duration
say-bad-duration-fix = write a number with its unit
say-bad-size = `{ $found }` is not a size
say-bad-size-fix = write a number with its unit
say-bad-address = `{ $found }` is not a valid address
say-port-zero = port 0 cannot be used
say-bad-range = `{ $found }` is not a range of addresses
say-host-bits = `{ $found }` is a host with a prefix length, not a network
say-host-bits-fix = write `{ $network }` for the network, or `{ $host }` for the one host
say-root-is-no-zone = the root "." cannot be a policy zone
say-ambiguous-port = `{ $found }` is an IPv6 address without a port
say-ambiguous-port-fix = with a port write `{ $meant }`; if it is the address, write `[{ $found }]`
say-bad-day = `{ $found }` is not a day
say-bad-url = `{ $found }` is not where a list can be fetched
say-bad-url-fix = use https; a file of this machine goes into `file`
say-plain-http = `{ $found }` comes over http, where anybody on the way can change the list
say-plain-http-fix = use https (a CA of your own: [lists] ca_file); for a mirror inside without https add `insecure = true` to this list
say-bad-record = this is not the data of a record of type { $rtype }
say-unknown-source = the catalogue has no source `{ $found }`
say-unknown-allow-set = there is no allow set `{ $found }`
say-unknown-allow-set-a-set-of = a set of the school's own is a [[list]] with kind = "allow"
say-unknown-group = there is no group `{ $found }`
say-sealed-category = the category `{ $found }` takes names from signed bundles only
say-every = `{ $found }`: a list is fetched every { $min } to { $max }
say-version = this program does not know config version { $found }
say-bad-time-zone = there is no time zone `{ $found }`
say-bad-id = `{ $found }` cannot be the id of a list
say-bad-id-fix = do not begin with `starter-`, `protected-`, `school`
say-bad-secret = the file { $found } holds no secret in base64
say-bad-secret-fix = make it with `tsig-keygen`, or copy the `secret` from the primary
say-bad-percent = `{ $found }` is not a percentage
say-bad-proxy = `{ $found }` is not a proxy

# syntax
syntax-explain = the first
syntax-a-curly-quote-character = a curly quote { $character }, as word processors and messengers make them
syntax-type-straight-quotes-instead = type straight quotes " instead (Notepad, nano)
syntax-a-strange-space-or = a strange space or invisible character ({ $code }), often copied from a web page or Word
syntax-delete-it-and-type = delete it and type a plain space
syntax-the-character-character-code = the character `{ $character }` ({ $code }) stands outside quotes
syntax-keys-are-of-a = keys are of a–z, 0–9, _ and - only; text stands in quotes "…"
syntax-this-table-is-there = this table is there already, above
syntax-join-the-two-for = join the two; for several groups or lists write double brackets: [[group]], [[list]]
syntax-this-key-is-in = this key is in the table already
syntax-keep-one-of-the = keep one of the lines
syntax-the-table-s-name = the table's name lacks its `]`
syntax-write-resolve-or-group = write `[resolve]` or `[[group]]` on a line of its own
syntax-the-list-opened-above = the list opened above{ $opened } lacks its `]`
syntax-add-where-the-list = add `]` where the list ends
syntax-a-comma-is-missing = a comma is missing between two values
syntax-write-a-b-or = write ["a", "b"] or {"{"} name = "a", by = "b" {"}"}
syntax-there-is-a-comma = there is a comma too many
syntax-delete-it = delete it
syntax-the-table-is-not = the table `{"{"} … {"}"}` is not complete, or lacks its `{"}"}`
syntax-write-name-a-by = write {"{"} name = "a", by = "b" {"}"}
syntax-a-in-quotes-has = a `\` in quotes has a meaning of its own
syntax-write-or-use-single = write \\, or use single quotes: 'C:\lists'
syntax-a-text-lacks-its = a text lacks its closing quote, or has a control character
syntax-add-where-the-text = add " where the text ends
syntax-this-line-lacks-its = this line lacks its value
syntax-write-key-value = write `key = "value"`
syntax-text-stands-in-quotes = text stands in quotes
syntax-write-value = write "{ $value }"
syntax-lines-end-in-cr = lines end in CR only
syntax-save-the-file-with = save the file with line ends of Windows or Linux
syntax-this-key-has-another = this key has another value above; it cannot be a table too
syntax-remove-one-of-the = remove one of the two; for several groups write [[group]]
syntax-this-line-lacks-its-or = this line lacks its `=` or its value
syntax-write-key-value-a = write `key = "value"`; a comment begins with #
syntax-there-is-a-too = there is a `=` too many
syntax-one-key-a-line = one key a line: `key = "value"`
syntax-this-is-not-how = this is not how a key is written
syntax-keys-are-of-a-z = keys are of a–z, 0–9, _ and - only
syntax-this-is-not-how-a = this is not how a number is written
syntax-write-a-whole-number = write a whole number, such as 53; with a unit it stands in quotes: "30s"
syntax-look-at-quotes-commas = look at quotes, commas and = on this line and the one before

# Sentences with parts of their own.
clash-none-of = one of `{ $keys }` must be there
clash-more-than-one-of = only one of `{ $keys }` may be there
say-no-right = cannot read the file { $path }: the user { $me } has no right to ({ $whose })
say-no-right-owner = it is of { $owner }, mode { $mode }
say-no-right-on-the-way = a folder on the way is closed
kind-text = a text in quotes
kind-boolean = true or false
kind-integer = a whole number
kind-list = a list [ … ]
kind-table = a table
kind-other = { $kind }
say-wrong-type = must be { $kind }
prefix-form = not an IPv6 prefix
prefix-length = the length must be 32, 40, 48, 56, 64 or 96 (RFC 6052 §2.2)
prefix-host-bits = bits behind the length are set
prefix-u = bits 64 to 71 must be zero (RFC 6052 §2.2)
say-bad-translation-prefix = `{ $found }` cannot be the prefix of DNS64: { $why }
say-refused = this cannot be used: { $why }
say-cannot-be-read = { $why }
syntax-not-toml = not TOML: { $why }
init-networks-none = The school's networks. Without any, all clients are of the level { $level }.
init-networks-level-without = No network yet for the level { $level }. Its range (empty: leave the level out)
written-head = Lá Chắn's configuration, written by `lachan init`. What is not here has its default.
written-after-a-change = After a change: lachan config check; then: lachan reload
written-access = Who may ask.
written-recursive = Recursion from the root, with DNSSEC.
written-forward = All questions go to these servers.
written-domain = The school's domain may lead into its own networks.
written-no-groups = No groups yet: all clients are of the youngest level above. Add one with [[group]].
written-groups = Groups. The longest prefix wins; clients of no group get the strictest tier.
written-lists = The recommended set (blocklists/recommended.toml); other sources by their id in blocklists/catalogue.toml.
written-state = Index, fetched lists, log.
written-own-zones = The school's domain and the reverse zones of its networks: asked of the domain controller.
