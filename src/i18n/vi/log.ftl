# lachan log

log-tier = cấp học
log-category = nhóm nội dung
log-group = nhóm
log-effect = kết quả
log-day = ngày
log-top-names = tên bị chặn nhiều nhất
log-no-category = không theo nhóm nội dung
log-attempts = Câu hỏi bị chặn hoặc chỉ đếm: { $count }
log-visits = Lượt truy cập (cùng tên, cùng máy, cùng phút): { $count }
log-name-secret = (không hiện)
log-name-not-kept = (quá nhiều)
log-queries-of = { $count } câu hỏi
log-cut-short = hiện { $shown } trong { $all } dòng; thêm --limit, hoặc --format csv để lấy hết
log-newest-only = chỉ hiện { $shown } dòng mới nhất; thêm --limit
log-no-rows = Không có dòng nào.
log-lost = nhật ký trước { $at } bị mất hoặc hỏng: số liệu trước đó có thể thiếu
log-from-the-future = { $attempts } lượt bị ghi với giờ trong tương lai (từ { $at }) vì đồng hồ máy từng sai: không tính ở đây; xem riêng bằng --since { $since }
log-time = thời gian
log-who = ai xem
log-filter = bộ lọc
log-rows = số dòng
log-no-journal = chưa có nhật ký trong { $folder }: máy chủ chưa chạy với thư mục trạng thái này
log-not-a-time = `{ $written }` không phải thời điểm: 23/11/2026, 2026-11-23, 2026-11-23T07:00, 90m, 2h, 7d, 2w, hôm nay, hôm qua
log-no-such = không có { $noun } `{ $written }`
    có: { $known }
log-no-such-but = không có { $noun } `{ $written }`; có phải ý bạn là `{ $meant }`?
    có: { $known }
