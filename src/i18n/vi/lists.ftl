# lachan lists

lists-list = danh sách
lists-format = dạng
lists-entries = mục
lists-taken = dùng
lists-exceptions = ngoại lệ
lists-ignored = bỏ qua
lists-refused = từ chối
lists-rewrites = chuyển hướng
lists-copy-from = { $id }: bản { $version }, lấy từ { $source } lúc { $at }
lists-other-source = cấu hình nay ghi nguồn khác, sẽ tải: { $source }
lists-wildcards-cover-names = chỉ có dòng *.x: gồm cả x
lists-refused-of = { $id }: dòng bị từ chối
lists-reason = { $count }: { $why }
lists-sample = dòng { $line }: { $text }
lists-no-such = không có danh sách `{ $id }` trong cấu hình
lists-not-in-index = { $id }: không có trong chỉ mục
lists-index = chỉ mục: { $names } tên, { $lists } danh sách, mỗi tên { $hot } byte trong bộ nhớ, { $all } byte tất cả, { $ms } ms
lists-unreadable = { $id }: không đọc được: { $error }
lists-step-read = đọc { $id }
lists-step-merge = gộp
lists-step-write = ghi
lists-step-verify = kiểm tra
diff-was = cũ
diff-is = mới
diff-added = thêm
diff-removed = bớt
