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
