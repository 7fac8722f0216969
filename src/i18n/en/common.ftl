# Used by several commands.

seconds = { $seconds } s
minutes = { $minutes } min
hours = { $hours } h { $minutes } min
days = { $days } d { $hours } h
ago = { $duration } ago

since = { $at }: { $what }
failed = lachan: { $what }

no-right = no right to use { $path }: only root and the server itself may; type:{ $command }
no-server = no server listens on { $path } ({ $error })
no-answer = the server on { $path } did not answer ({ $error })
config-not-read = { $what }: { $why }
config-has-mistakes = the config has mistakes, see `lachan config check`

system-no-space = the disk is full
system-quota = the disk quota is used up
system-no-right = permission denied
system-absent = it is not there
system-exists = it is there already
system-read-only = the file system is read-only
system-in-use = another program uses it
system-disk = the disk reports an I/O error
system-too-many-files = too many open files
system-no-memory = out of memory
system-timed-out = timed out
system-refused = connection refused
system-unreachable = no route to the network or the host
system-reset = the connection was closed
system-not-a-folder = part of the path is not a folder
system-circle = the links lead in a circle
system-too-large = the file is too large
system-cut-short = the data ends too early
system-is-folder = not a regular file but a folder
system-is-pipe = not a regular file but a pipe (FIFO)
system-is-socket = not a regular file but a socket
system-is-device = not a regular file but a device
system-other = system error ({ $error })
file-and-cause = { $path }: { $why }

misuse-command = there is no command `{ $word }`
misuse-unknown = there is no `{ $word }`
misuse-missing = { $word } is missing
misuse-no-value = the value of `{ $word }` is missing
misuse-value = `{ $value }` cannot be used for `{ $word }`
misuse-value-of = `{ $value }` cannot be used for `{ $word }`: { $valid }
misuse-conflict = `{ $word }` does not go with `{ $other }`
misuse-help = see: lachan --help

slip-empty = nothing is written
slip-page = this is the address of a page; rules go by name
slip-port = a name has no port
slip-mail = this is an address of mail
slip-wildcard = without `*.`: a name has all names below it; for these alone write scope = "children"
slip-inner-wildcard = a name has no `*`
slip-address = this is an IP address, not a name
slip-range = this is a range of addresses, not a name
slip-number = the last part is a number; no name ends so
slip-around = marks or spaces before or after the name
slip-space = a name has no spaces
slip-invisible = there is a character that is not seen
slip-character = a name has no `{ $character }`
slip-form = it is badly written
