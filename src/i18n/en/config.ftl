# lachan config and init

config-well = { $file }: no mistakes
config-explain-how = On one code: lachan config explain CODE
config-no-such-code = there is no code `{ $code }`
config-no-such-code-but = there is no code `{ $code }`; did you mean `{ $meant }`?
mistakes = { $count ->
    [one] 1 mistake
   *[other] { $count } mistakes
  }; on each code: lachan config explain CODE
mistakes-and-more = { $count ->
    [one] 1 mistake
   *[other] { $count } mistakes
  }, { $more } more not told; on each code: lachan config explain CODE
mistake-meant = did you mean `{ $word }`?
mistake-allowed = allowed: { $words }
mistake-alone = { $what }
mistake-fix = { $what }; { $fix }
mistake-but = { $what }; { $meant }

init-exists = { $file } exists; add --overwrite to replace it
init-written = wrote { $file }
init-check = check
init-serve = run
init-ended = the answers ended before the questions did
init-gave-up = no usable answer to: { $question }
init-not-written = could not write { $file }: { $error }
init-refused = the answers do not go together:
    { $report }
