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
config-has-mistakes = the config has mistakes, see `lachan config check`

misuse-command = there is no command `{ $word }`
misuse-unknown = there is no `{ $word }`
misuse-missing = { $word } is missing
misuse-no-value = the value of `{ $word }` is missing
misuse-value = `{ $value }` cannot be used for `{ $word }`
misuse-value-of = `{ $value }` cannot be used for `{ $word }`: { $valid }
misuse-conflict = `{ $word }` does not go with `{ $other }`
misuse-help = see: lachan --help
