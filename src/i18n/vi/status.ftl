# lachan status

status-program = Lá Chắn { $version }
status-school = trường
status-listens = nghe ({ $transport })
status-listens-configured = { $at } (cấu hình: { $address })
status-clock = đồng hồ
status-clock-wrong = { $shows } – SAI
status-uptime = đã chạy
status-queries = câu hỏi
status-blocked = bị chặn
status-cached = từ bộ nhớ đệm
status-fetched = hỏi bên ngoài
status-refused = máy lạ bị từ chối
status-malformed = gói hỏng
status-shed = bị bỏ vì quá tải
status-shed-of = { $shed }, trong đó của máy hỏi quá phần mình: { $over }
status-limited = hỏi quá nhanh
status-local = tên nội bộ
status-rebound = gỡ địa chỉ nội bộ
status-synthesised = địa chỉ DNS64
status-tcp = kết nối TCP
status-index = chỉ mục
status-index-of = { $names } tên, { $lists } danh sách, { $size }
status-index-built = { $index }, dựng { $age } trước
status-cache = bộ nhớ đệm
status-cache-of = { $answers } câu trả lời, { $size }
status-journal = nhật ký
status-journal-of = { $stored } đã lưu, { $waiting } chờ, { $size }

status-recent = { $span } qua
status-all = tất cả
status-stale = câu trả lời cũ
status-failed-again = hỏng, nhắc lại
status-failed = hỏng: { $what }

status-zone = vùng chính sách
status-serial = số bản
status-rules = quy tắc
status-unusable = dòng hỏng
status-hits = lượt dùng
status-came-by = nhận bằng
status-came-kept = bản lưu
status-came-file = tệp
status-refreshed = cập nhật
status-failures = lần lỗi
status-upstream = máy chủ được hỏi

status-notes = Nên biết:
status-troubles = Cần xem lại:
status-well = Mọi thứ bình thường.
