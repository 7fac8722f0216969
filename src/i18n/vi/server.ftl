# lachan serve, reload và lists: điều máy chủ đáp lại.

serve-serving = Lá Chắn { $version } đang phục vụ, { $names } tên trong chỉ mục
serve-dns = DNS
serve-config = cấu hình
serve-defaults = không có, dùng mặc định
serve-state = trạng thái
serve-try = thử
serve-missing = thiếu { $what }
serve-small-room = bộ đệm nhận của hệ điều hành chỉ chắc chứa được { $room } câu hỏi, một đợt có thể tới { $burst }; quản trị viên gõ lệnh sau rồi khởi động lại:
start-journal = không mở được nhật ký: { $error }
start-system = hệ điều hành từ chối: { $error }

reloaded = đã đọc lại: { $index }, { $names } tên
index-new = chỉ mục mới
index-same = chỉ mục không đổi
at-restart = chỉ đổi khi khởi động lại: { $settings }
nothing-changed = không có gì thay đổi, máy chủ chạy như cũ
not-a-request = máy chủ không hiểu câu hỏi của lệnh: { $error }

no-lists-to-fetch = cấu hình không có danh sách nào để tải
list-new-in-config = { $id }: mới trong cấu hình, chạy `lachan reload` để dùng
list-not-taken = { $id }: { $why }; { $stays }
list-accept = { $told }
    nếu đúng ý: lachan lists accept { $id } --why "…"
list-failing-since = { $why } (từ { $since })
list-stays = bản cũ vẫn dùng
list-nothing-in-use = chưa có bản nào để dùng
list-unchanged = { $id }: không đổi
list-renewed = { $id }: bản mới { $version }, { $names } tên
list-taken-with-warning = { $id }: đã nhận, nhưng hãy xem lại: { $why }
list-file-missing = danh sách “{ $id }”: không đọc được tệp { $path } ({ $error }); máy chủ vẫn chạy, danh sách không được cập nhật
