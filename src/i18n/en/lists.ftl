# lachan lists

lists-list = list
lists-format = format
lists-entries = entries
lists-taken = taken
lists-exceptions = exceptions
lists-ignored = ignored
lists-refused = refused
lists-rewrites = rewrites
lists-copy-from = { $id }: version { $version }, from { $source }, { $at }
lists-other-source = the config names another source now, to be fetched: { $source }
lists-wildcards-cover-names = nothing but *.x lines: x itself is covered too
lists-refused-of = { $id }: refused lines
lists-reason = { $count }: { $why }
lists-sample = line { $line }: { $text }
lists-no-such = the config has no list `{ $id }`
lists-not-in-index = { $id }: not in the index
lists-index = index: { $names } names, { $lists } lists, { $hot } octets a name in memory, { $all } in all, { $ms } ms
lists-unreadable = { $id }: could not be read: { $error }
lists-step-read = read { $id }
lists-step-merge = merge
lists-step-write = write
lists-step-verify = verify
diff-was = was
diff-is = is
diff-added = added
diff-removed = removed
