# lachan serve, reload and lists: what the server replies.

serve-serving = Lá Chắn { $version } is serving, { $names } names in the index
serve-dns = DNS
serve-config = config
serve-defaults = none, defaults
serve-state = state
serve-try = try
serve-missing = missing { $what }
serve-small-room = the system's receive buffer is sure to hold { $room } queries only, a burst may have { $burst }; as root, then start again:
start-journal = could not open the journal: { $error }
start-system = the operating system refuses: { $error }

reloaded = reloaded: { $index }, { $names } names
index-new = new index
index-same = same index
at-restart = changes only at a restart: { $settings }
nothing-changed = nothing changed, the server goes on as before
not-a-request = the server does not understand the command: { $error }

no-lists-to-fetch = the config names no lists to download
list-new-in-config = { $id }: new in the config, run `lachan reload` to use it
list-not-taken = { $id }: { $why }; { $stays }
list-accept = { $told }
    if it is meant: lachan lists accept { $id } --why "…"
list-failing-since = { $why } (since { $since })
list-stays = the last good copy stays
list-nothing-in-use = nothing of it is in force
list-unchanged = { $id }: unchanged
list-renewed = { $id }: new version { $version }, { $names } names
list-taken-with-warning = { $id }: taken, but have a look: { $why }
list-file-missing = list `{ $id }`: cannot read the file { $path } ({ $error }); the server runs, the list is not renewed
