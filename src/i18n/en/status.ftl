# lachan status

status-program = Lá Chắn { $version }
status-school = school
status-listens = listens ({ $transport })
status-listens-configured = { $at } (config: { $address })
status-clock = clock
status-clock-wrong = { $shows } – WRONG
status-uptime = up for
status-queries = queries
status-blocked = blocked
status-cached = from the cache
status-fetched = fetched
status-refused = refused clients
status-malformed = malformed
status-shed = shed
status-shed-of = { $shed }, of clients above their share: { $over }
status-limited = over the rate
status-local = local names
status-rebound = rebinding stopped
status-synthesised = made by DNS64
status-tcp = TCP connections
status-index = index
status-index-of = { $names } names, { $lists } lists, { $size }
status-index-built = { $index }, built { $age } ago
status-cache = cache
status-cache-of = { $answers } answers, { $size }
status-journal = journal
status-journal-of = { $stored } stored, { $waiting } waiting, { $size }

status-recent = the last { $span }
status-all = all
status-stale = stale answers
status-failed-again = failed, given again
status-failed = failed: { $what }

status-zone = policy zone
status-serial = serial
status-rules = rules
status-unusable = unusable
status-hits = hits
status-came-by = came by
status-came-kept = kept copy
status-came-file = file
status-refreshed = refreshed
status-failures = failures
status-upstream = upstream

status-notes = Worth knowing:
status-troubles = Needs a look:
status-well = All is well.
