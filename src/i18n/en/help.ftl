# --help. help-COMMAND, help-COMMAND-long, help-COMMAND--OPTION; help-any--OPTION for all commands.

help-usage = Usage:
help-commands = Commands
help-arguments = Arguments
help-options = Options

help-lachan = Lá Chắn: a DNS resolver that keeps pupils away from content that is illegal or wrong for their age, and that can account for what it blocked.
help-any--lang = Language of what is printed: vi, en; if not given, LACHAN_LANG, then the locale.
help-any--help = Prints this.
help-any--version = Prints the version.
help-any--config = Config file; if not given, LACHAN_CONFIG, then /etc/lachan/lachan.toml where there is one.
help-any--state = State folder, in place of the config's; if not given, LACHAN_STATE.
help-any--json = Prints JSON.
help-any--limit = At most so many rows, the newest (default: 1000).
help-any--format = What to print: table, csv, json (default: table).

help-lachan-serve = Runs the resolver.
help-lachan-serve-long = Runs the resolver. Without a config file: the starter lists, a state folder of its own, recursion from the root.
help-lachan-serve--log_json = Prints the program's log as JSON.

help-lachan-init = Asks a few questions and writes the school's config.
help-lachan-init--file = Config file to write (default: lachan.toml).
help-lachan-init--overwrite = Overwrites a file that is there.

help-lachan-check = Explains whether a name is allowed or blocked, why, and what each tier gets.
help-lachan-check--name = Name, or the address of a page.
help-lachan-check--rtype = RR type that is asked (default: A).
help-lachan-check--tier = For this tier.
help-lachan-check--group = For this group.
help-lachan-check--client = For the client with this address.
help-lachan-check--resolve = Resolves as for a client, following aliases (CNAME); the default while the server runs.
help-lachan-check--no_resolve = Asks nobody outside: tells only what the question itself decides.
help-lachan-check--offline = Looks at the index on disk only, not at the running server.

help-lachan-config = Work with the config file.
help-lachan-config-check = Checks a config file and prints all its mistakes at once.
help-lachan-config-check--file = Config file; if not given, LACHAN_CONFIG, then /etc/lachan/lachan.toml where there is one, then lachan.toml.
help-lachan-config-explain = Explains a code of a mistake; without one lists all codes.
help-lachan-config-explain--code = The code in error[…], such as bad-name.

help-lachan-lists = Work with the lists.
help-lachan-lists-status = Each list: its version, and how many lines were taken, ignored, refused.
help-lachan-lists-status--samples = Adds samples of refused lines.
help-lachan-lists-update = Downloads the lists now.
help-lachan-lists-accept = Takes a list's next copy although its size looks like an accident.
help-lachan-lists-accept--id = The list.
help-lachan-lists-accept--why = Why it is right.
help-lachan-lists-accept--who = Who decides; without it, the user of this command.
help-lachan-lists-compile = Builds the index from the lists that are switched on.
help-lachan-lists-compile--output = Index file to write, in place of the server's.
help-lachan-lists-brands = The brands of bookmakers that lists taught, and the names that were caught by them.
help-lachan-lists-brands--name = A brand, or a name that looks like one: the names that it was learned from.
help-lachan-lists-brands--caught = Names of the log that no list has, caught by a brand alone.
help-lachan-lists-brands--since = With --caught, since then: a date, a time, 2h, 7d, 2w ago, or yesterday.
help-lachan-lists-snapshot = Packs the kept copies of public lists, for other schools or for a stick.
help-lachan-lists-snapshot--output = The folder to write: new, empty, or an older snapshot.
help-lachan-lists-snapshot--own_use = Packs lists too whose licence asks for more than a notice: the folder is not given to others.
help-lachan-lists-catalogue = The public sources that can be switched on, with what was measured of each.
help-lachan-lists-diff = Compares two indexes.
help-lachan-lists-diff--old = Old index.
help-lachan-lists-diff--new = New index.

help-lachan-log = Shows the log of blocked attempts.
help-lachan-log-long = Shows the log of blocked attempts. Only blocked attempts are kept, and every reading of device rows is itself recorded.
help-lachan-log--since = Since then: 23/11/2026, 2026-11-23T07:00, or 2h, 7d, 2w ago, "yesterday".
help-lachan-log--until = Until before then.
help-lachan-log--tier = Tier, as an id or as the screen shows it.
help-lachan-log--group = Group.
help-lachan-log--category = Category, as an id or as the screen shows it.
help-lachan-log--effect = Blocked, or only counted: blocked, monitored.
help-lachan-log--name = Name; *.x means x and all below.
help-lachan-log--totals = Prints only totals: by tier, category, group, list, day and name.
help-lachan-log--follow = Waits and prints new rows as they come.
help-lachan-log-access = Who read rows of single devices, when, with which filter.

help-lachan-status = Health of the running server.
help-lachan-reload = Makes the running server read config and lists again.
help-lachan-reload-long = Makes the running server read config and lists again. If anything is wrong, what was running stays, and the mistakes are printed.
