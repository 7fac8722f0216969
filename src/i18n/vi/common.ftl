# Dùng ở nhiều lệnh.

seconds = { $seconds } giây
minutes = { $minutes } phút
hours = { $hours } giờ { $minutes } phút
days = { $days } ngày { $hours } giờ
ago = { $duration } trước

since = { $at }: { $what }
failed = lachan: { $what }

no-right = không có quyền dùng { $path }: chỉ root và chính máy chủ được dùng; hãy gõ:{ $command }
no-server = không thấy máy chủ nào đang chạy ở { $path } ({ $error })
no-answer = máy chủ ở { $path } không trả lời ({ $error })
config-has-mistakes = tệp cấu hình có lỗi, xem `lachan config check`

misuse-command = không có lệnh `{ $word }`
misuse-unknown = không có `{ $word }`
misuse-missing = thiếu { $word }
misuse-no-value = thiếu giá trị của `{ $word }`
misuse-value = `{ $value }` không dùng được cho `{ $word }`
misuse-value-of = `{ $value }` không dùng được cho `{ $word }`: { $valid }
misuse-conflict = `{ $word }` không đi cùng `{ $other }`
misuse-help = xem: lachan --help
