# lachan config và init

config-well = { $file }: không có lỗi
config-explain-how = Giải thích một mã: lachan config explain MÃ
config-no-such-code = không có mã lỗi `{ $code }`
config-no-such-code-but = không có mã lỗi `{ $code }`; có phải ý bạn là `{ $meant }`?
mistakes = { $count } lỗi; giải thích từng mã: lachan config explain MÃ
mistakes-and-more = { $count } lỗi, còn { $more } lỗi chưa kể; giải thích từng mã: lachan config explain MÃ
mistake-meant = có phải ý bạn là `{ $word }`?
mistake-allowed = cho phép: { $words }
mistake-alone = { $what }
mistake-fix = { $what }; { $fix }
mistake-but = { $what }; { $meant }

init-exists = { $file } đã có; thêm --overwrite để ghi đè
init-written = đã viết { $file }
init-check = kiểm tra
init-serve = chạy
init-ended = hết câu trả lời trước khi hết câu hỏi
init-gave-up = không có câu trả lời dùng được cho: { $question }
init-not-written = không ghi được { $file }: { $error }
init-refused = các câu trả lời không khớp nhau:
    { $report }
