# Vùng chính sách (RPZ): vì sao một bản mới chưa được dùng.

zone-file-unread = không đọc được { $path }: { $error }
zone-too-large = tệp lớn hơn { $most } byte
zone-not-a-zone = không phải tệp vùng mà là { $found }
zone-empty = không có quy tắc nào ({ $refused } dòng không dùng được)
zone-shrunk = tụt từ { $was } xuống { $is } bản ghi
zone-not-fetched = không lấy được vùng ({ $why })
zone-not-kept = không lưu được vùng: { $error }
zone-panicked = lỗi chương trình khi cập nhật vùng, hãy báo lại

primary-connect = không kết nối được: { $error }
primary-ask = không gửi được câu hỏi: { $error }
primary-read = không đọc được câu trả lời: { $error }
primary-slow = lâu hơn { $seconds } giây

transfer-malformed = câu trả lời không phải gói DNS
transfer-mismatch = câu trả lời không phải cho câu hỏi này
transfer-rcode = máy chủ trả lời { $rcode }
transfer-refused = máy chủ trả lời REFUSED; máy chủ đó có cho phép máy này lấy vùng không?
transfer-not-auth = máy chủ trả lời NOTAUTH; máy chủ đó có vùng này không, có biết khóa này không?
transfer-tsig = không tin được câu trả lời: { $why }
transfer-no-soa = câu trả lời không bắt đầu bằng bản ghi SOA
transfer-order = thứ tự bản ghi sai
transfer-out-of-step = thay đổi nhận được không khớp với bản đang có
transfer-too-long = nhiều hơn { $most } bản ghi

tsig-unsigned = không có chữ ký (TSIG)
tsig-malformed = không đọc được chữ ký (TSIG)
tsig-key = ký bằng khóa khác
tsig-signature = chữ ký (TSIG) sai; hai bên có cùng một khóa bí mật không?
tsig-time = giờ ký lệch; đồng hồ hai máy có đúng không?
tsig-server-key = máy chủ không biết khóa này (BADKEY)
tsig-server-signature = máy chủ nói chữ ký sai (BADSIG); hai bên có cùng một khóa bí mật không?
tsig-server-time = máy chủ nói giờ ký sai (BADTIME)
