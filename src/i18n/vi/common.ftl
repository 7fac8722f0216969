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
config-not-read = { $what }: { $why }
config-has-mistakes = tệp cấu hình có lỗi, xem `lachan config check`

system-no-space = đĩa đã đầy
system-quota = đã dùng hết hạn mức đĩa
system-no-right = không có quyền
system-absent = không có ở đó
system-exists = đã có sẵn
system-read-only = hệ thống tệp chỉ cho đọc
system-in-use = chương trình khác đang dùng
system-disk = đĩa bị lỗi đọc ghi
system-too-many-files = mở quá nhiều tệp cùng lúc
system-no-memory = hết bộ nhớ
system-timed-out = quá thời gian chờ
system-refused = kết nối bị từ chối
system-unreachable = không có đường tới mạng hoặc máy đó
system-reset = kết nối bị ngắt giữa chừng
system-not-a-folder = một phần của đường dẫn không phải thư mục
system-circle = liên kết dẫn vòng tròn
system-too-large = tệp quá lớn
system-cut-short = dữ liệu bị cụt
system-is-folder = không phải tệp thường mà là thư mục
system-is-pipe = không phải tệp thường mà là ống dẫn (FIFO)
system-is-socket = không phải tệp thường mà là socket
system-is-device = không phải tệp thường mà là thiết bị
system-other = lỗi hệ thống ({ $error })
file-and-cause = { $path }: { $why }

misuse-command = không có lệnh `{ $word }`
misuse-unknown = không có `{ $word }`
misuse-missing = thiếu { $word }
misuse-no-value = thiếu giá trị của `{ $word }`
misuse-value = `{ $value }` không dùng được cho `{ $word }`
misuse-value-of = `{ $value }` không dùng được cho `{ $word }`: { $valid }
misuse-conflict = `{ $word }` không đi cùng `{ $other }`
misuse-help = xem: lachan --help

slip-empty = chưa ghi gì
slip-page = đây là địa chỉ của một trang; quy tắc tính theo tên miền
slip-port = tên miền không kèm cổng
slip-mail = đây là địa chỉ thư
slip-wildcard = không ghi `*.`: tên đã gồm mọi tên bên dưới; chỉ những tên bên dưới thì ghi scope = "children"
slip-inner-wildcard = tên miền không có dấu `*`
slip-address = đây là địa chỉ IP, không phải tên miền
slip-range = đây là dải địa chỉ, không phải tên miền
slip-number = phần cuối là số, không tên miền nào như vậy
slip-around = thừa dấu hoặc khoảng trắng ở đầu hay cuối
slip-space = tên miền không có khoảng trắng
slip-invisible = có ký tự không nhìn thấy
slip-character = tên miền không có ký tự `{ $character }`
slip-form = viết sai
