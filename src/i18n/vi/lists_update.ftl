# Danh sách: vì sao một bản mới chưa được dùng.
content-html = một trang web (HTML)
content-git-lfs = con trỏ Git LFS, không phải tệp thật
content-gzip = tệp nén gzip
content-archive = tệp nén (hãy giải nén trước; chỉ .gz được đọc thẳng)
content-utf16 = văn bản UTF-16 (hãy lưu lại dạng UTF-8)
content-base64 = văn bản mã hoá base64
content-json = JSON
content-binary = dữ liệu nhị phân
content-zeros = toàn byte 0 (nội dung đã mất, thường do mất điện khi đang ghi)
content-addresses = danh sách địa chỉ IP (dùng cho tường lửa)
content-not-names = quy tắc cho trình duyệt hoặc proxy, không phải tên miền

gate-empty = danh sách rỗng
gate-says-empty = danh sách tự ghi là không có mục nào
gate-shrunk = danh sách tụt từ { $was } xuống { $is } quy tắc
gate-grown = danh sách phình từ { $was } lên { $is } quy tắc
gate-not-a-list = không phải danh sách tên miền mà là { $found }
gate-hits-protected = danh sách nêu { $names } tên được bảo vệ
gate-too-many-refused = { $refused } trong { $of } mục bị hỏng
gate-too-many-names = vượt số tên tối đa { $more } mục

fetch-address = không hiểu địa chỉ “{ $url }”: cần https:// hoặc file://
fetch-proxy = không dùng được proxy trong cấu hình
fetch-not-encrypted = máy chủ chuyển sang địa chỉ http://; từ chối vì ai trên đường truyền cũng sửa được danh sách
fetch-status = máy chủ trả lời mã { $code }
fetch-packing = danh sách được nén kiểu “{ $how }”, chỉ đọc được gzip
fetch-slow = quá thời gian chờ
fetch-too-large = tệp lớn hơn { $most } byte ([lists] max_size)
fetch-broken = tải giữa chừng thì đứt: { $error }
fetch-no-address = không tìm được địa chỉ của máy chủ { $host }
fetch-certificate = chứng chỉ của máy chủ không do CA nào được tin cấp, hoặc không đúng tên; CA riêng ghi ở [lists] ca_file
fetch-network = không kết nối được máy chủ
fetch-network-why = không kết nối được máy chủ: { $error }
fetch-no-file = không có tệp { $path }
fetch-file = không đọc được tệp { $path }: { $error }
fetch-disk = không ghi được xuống đĩa: { $error }

refresh-fetch = không tải được danh sách: { $why }
refresh-read = không đọc được danh sách: { $error }
refresh-refused = từ chối: { $why }
refresh-busy = đang có một lượt cập nhật khác
refresh-store = không lưu được danh sách: { $error }
