# Лиды: список и карточка.
leads-sub = Люди, которых вы привели в партнёрки, и что они там сделали.
leads-search = Имя, clickid или ID игрока
leads-empty = Лидов пока нет
leads-empty-how = Лид появится сам, когда постбек назовёт известный клик. Можно создать и вручную:
leads-example = Команда
leads-nothing = Лид не найден
leads-nothing-why = Имя ищется по части, clickid и внешние id — целиком.
leads-show-all = Показать всех лидов
lead-nameless = Без имени
col-lead = Лид
col-registrations = Регистрации
col-deposits = Депозиты
col-deposited = Сумма депозитов
col-created = Создан

total-deposits = Депозиты
total-net = Чистые депозиты
total-payouts = Выплаты
total-count = Число депозитов
lead-fields = Поля
lead-fields-none = Значений пока нет. Партнёрка заполняет поля через `fields.КЛЮЧ=` в ссылке постбека.
lead-misfit = не подходит к виду поля
lead-tracker = Данные трекера
lead-created = Создан
lead-clicked = Клик
identity-clickid = Другой clickid
identity-telegram = Telegram
identity-player = ID игрока
lead-events = События
lead-events-none = Пока ничего не произошло. События появятся здесь, когда партнёрка пришлёт постбеки.
entry-tid = ID транзакции
entry-payout = выплата
entry-changes = { $count ->
    [one] { $count } изменение
    [few] { $count } изменения
   *[other] { $count } изменений
}
lead-links = Готовые ссылки
lead-links-none = Ссылок регистрации пока нет.
lead-link-broken = Ссылку не собрать: проверьте вашу ссылку в настройках.
