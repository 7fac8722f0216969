# lachan log

log-tier = tier
log-category = category
log-group = group
log-effect = effect
log-day = day
log-top-names = top names
log-no-category = no category
log-attempts = Queries blocked or monitored: { $count }
log-visits = Visits (same name, device, minute): { $count }
log-name-secret = (not shown)
log-name-not-kept = (too many)
log-queries-of = { $count } { $count ->
    [one] query
   *[other] queries
  }
log-cut-short = { $shown } of { $all } rows; use --limit, or --format csv for all
log-newest-only = only the newest { $shown } rows; use --limit
log-no-rows = No rows.
log-lost = the journal before { $at } was lost or damaged: figures of before may be incomplete
log-from-the-future = { $attempts ->
    [one] one attempt is
   *[other] { $attempts } attempts are
  } dated in the future (from { $at }), since the clock was wrong: left out here; see them with --since { $since }
log-time = time
log-who = who
log-filter = filter
log-rows = rows
log-no-journal = no journal in { $folder }: no server has run with this state folder yet
log-not-a-time = `{ $written }` is not a time: 23/11/2026, 2026-11-23, 2026-11-23T07:00, 90m, 2h, 7d, 2w, today, yesterday
log-no-such = there is no { $noun } `{ $written }`
    there are: { $known }
log-no-such-but = there is no { $noun } `{ $written }`; did you mean `{ $meant }`?
    there are: { $known }
