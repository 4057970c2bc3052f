# Входящие: список, один запрос, как он прочитан.
inbox-title = Постбеки
inbox-sub = Всё, что прислали партнёрки, в исходном виде.
inbox-filter = Показать
tab-all = Все
tab-accepted = Приняты
tab-updated = Обновлены
tab-duplicate = Дубли
tab-unmatched = Лид не найден
tab-rejected = Отклонены
tab-flagged = Замечания
filter-remove = Убрать этот фильтр
integration-any = Все интеграции
when = Время
when-what = Сутки по часовому поясу команды
when-any = Всё время
when-today = Сегодня
when-yesterday = Вчера
when-week = 7 дней
when-days = Выбрать дни
when-from = С этого дня
when-to = По этот день
when-show = Показать
by-hand = вручную
by-hand-what = Событие записал человек
by-list = список
by-list-what = Строка вставленного списка
search-clickid = Найти clickid

col-time = Время
col-verdict = Решение
col-event = Событие
col-clickid = Clickid
col-sum = Сумма
col-flags = Замечания

live-on = Вживую
live-off = Соединяемся
live-paused = На паузе
live-new = Новых: { $n }
live-pause = Пауза
live-resume = Продолжить

inbox-nothing = Под этот фильтр ничего не подходит
inbox-show-all = Показать все постбеки
inbox-empty = Постбеков пока нет
inbox-empty-how = Вставьте эту ссылку в партнёрку: всё, что она пришлёт, появится здесь, и ничего не потеряется.
inbox-empty-try = Или отправьте себе постбек сами:
inbox-empty-none = Сначала создайте интеграцию: в ней будет ссылка постбека, которую вызывает партнёрка.
lesson-url = Ссылка постбека
lesson-curl = Команда

detail-request = Запрос
detail-raw = Как пришёл
detail-written = Как записано
detail-body = Тело
detail-read = Как прочитан
detail-unreadable = Запрос не удалось разобрать на параметры.
detail-no-parameters = В запросе не было параметров.
detail-original = Запрос, который записал событие
detail-flags = { $count ->
    [one] { $count } замечание
    [few] { $count } замечания
   *[other] { $count } замечаний
}
flag-all = Все запросы с этим замечанием
detail-changes = История события
detail-about = О запросе
detail-received = Получен
detail-sender = Отправитель
detail-id = ID запроса

read-name = Параметр
read-raw = Пришло
read-as = Прочитано как
read-alias = означает { $name }

sentence-accepted = Записано: { $what }. Лид — { $lead }.
sentence-pending = Записано: { $what }. Лид — { $lead }. Событие ожидает подтверждения партнёрки и пока не входит в итоги.
sentence-held = Записано и отложено: { $what }. Лид — { $lead }. Похоже на повтор, в итоги не войдёт, пока его не подтвердят вручную.
sentence-void = Записано как отменённое партнёркой: { $what }. Лид — { $lead }. В итоги не входит.
sentence-other = Сохранено вне итогов: пока не указано, что означает событие `{ $what }`. Лид — { $lead }.
sentence-updated = Событие уже было записано, запрос его изменил: { $changed }.
sentence-completed = Событие уже было записано, запрос его дополнил.
sentence-duplicate = Ничего нового: такое событие уже записано и второй раз не считается. Лид — { $lead }.
sentence-unmatched = Clickid `{ $clickid }` нет ни у одного клика и ни у одного лида, записывать событие некому.
sentence-unmatched-fix = Запрос ждёт до 90 дней и применится сам, как только появится клик или лид. Если это не ваш clickid, проверьте, какой параметр ссылки его передаёт.
sentence-unusable = Вместо clickid пришло `{ $clickid }` — то, на место чего должен был подставиться id. Лид по нему не найдётся.
sentence-unusable-fix = Партнёрка не подставила `{ $macro }`. Проверьте название макроса в кабинете партнёрки и то, что ваши ссылки передают clickid.

meaning-clickid = Clickid
meaning-event = Событие
meaning-amount = Сумма
meaning-currency = Валюта
meaning-payout = Выплата
meaning-payout-currency = Валюта выплаты
meaning-tid = ID транзакции
meaning-status = Статус
meaning-time = Время у партнёрки
meaning-field = Поле { $key }
meaning-secret = Секрет
meaning-kept = Не используется

outcome-macro = не подставлено, не используется
outcome-blank = пусто
outcome-unreadable = нет однозначного прочтения, не используется
outcome-broken = испорчена кодировка
outcome-too-long = слишком длинно
outcome-unusable = не годится как id
outcome-superseded = взят другой параметр
outcome-conflict = противоречит другому значению
outcome-hidden = проверен, не показывается
outcome-kept = хранится с запросом

change-status = Статус
change-amount = Сумма
change-currency = Валюта
change-payout = Выплата
change-payout-currency = Валюта выплаты
change-kind = Вид события
change-nothing = пусто
change-by-person = вручную
change-by-this = этим запросом
change-by-request = запросом

reject-missing-clickid = Ответили 400: в запросе нет clickid, записывать событие некому.
reject-missing-clickid-fix = Добавьте в ссылку постбека `clickid=` с макросом партнёрки для вашего click id.
reject-missing-event = Ответили 400: в запросе не сказано, что произошло.
reject-missing-event-fix = Добавьте в ссылку постбека `tracker.event=registration` (или `sale`, `resale`).
reject-bad-encoding = Ответили 400: в `{ $name }` испорчена кодировка — это не UTF-8.
reject-bad-encoding-fix = Партнёрка должна кодировать значения в UTF-8. Частая причина — одиночный `%` в ссылке, которую вы ей дали.
reject-conflicting-values = Ответили 400: `{ $name }` пришёл дважды с разными значениями, `{ $first }` и `{ $second }`.
reject-conflicting-values-fix = Оставьте его в ссылке постбека один раз. Часто партнёрка добавляет его сама.
reject-too-long = Ответили 400: `{ $name }` длиннее { $limit } байт.
reject-too-long-fix = Проверьте, какой макрос его заполняет: id и названия событий короткие.
reject-too-many-parameters = Ответили 400: параметров в запросе больше { $limit }.
reject-too-many-parameters-fix = Оставьте в ссылке постбека только нужное.
reject-bad-body = Ответили 400: тело запроса не читается.
reject-bad-body-fix = Нужна форма или плоский JSON, например `{"{"}"clickid":"…","tracker.event":"sale"{"}"}`.
reject-forbidden = Ответили 403: секрета нет или он неверный, либо адрес отправителя не в списке.
reject-forbidden-fix = Сверьте `secret=` в кабинете партнёрки с секретом интеграции, а её адрес — с разрешёнными.
reject-switched-off = Ответили 404: эта интеграция выключена.
reject-switched-off-fix = Включите её и обработайте запрос заново: он хранится здесь.
reject-too-large = Ответили 413: тело больше { $limit } байт.
reject-too-large-fix = Попросите партнёрку присылать только нужные параметры.
reject-unsupported-type = Ответили 415: тело такого типа не читается.
reject-unsupported-type-fix = Попросите у партнёрки форму, плоский JSON или обычный GET.
reject-body-timeout = Ответили 408: тело передавалось слишком долго.
reject-body-timeout-fix = Обычно партнёрка пришлёт его снова. Если это повторяется, связь между вами медленная.
reject-not-processed = Запрос сохранён, но решение по нему принять не удалось.
reject-not-processed-fix = Обработайте его заново: исходный текст здесь. Причина записана в журнале сервера.

integration-custom = Кастомная интеграция
integration-inbox = её постбеки
legend-macro = — макрос партнёрки: она подставит значение

act-approve = Подтвердить
act-void = Отменить
act-again = Обработать заново
act-separately = Посчитать отдельно
separate-what = Под этим ID записано { $known }, а в запросе { $sum }. Если это другой платёж, запрос станет отдельным событием, и его сумма войдёт в итоги; записанное событие не изменится.
separate-submit = Это другой платёж
notice-counted-separately = Посчитано отдельно
again-title = Обработать заново
again-what = Запросы под этим фильтром будут решены заново по сегодняшним правилам. Сначала увидите, что изменится.
again-seen = { $count ->
    [one] Перечитан { $count } запрос.
    [few] Перечитаны { $count } запроса.
   *[other] Перечитано { $count } запросов.
}
again-changed = { $count ->
    [one] Изменится { $count }.
    [few] Изменятся { $count }.
   *[other] Изменятся { $count }.
}
again-hidden = { $count ->
    [one] и ещё { $count }
    [few] и ещё { $count }
   *[other] и ещё { $count }
}
again-more = Прочитаны только { $count } самых новых запросов этого фильтра. Чтобы дойти до старых, выберите дни.
again-nothing = Ничего не изменится.
again-submit = Применить
again-before = Сейчас
again-after = Станет
again-promise = Ничего не удаляется и не считается дважды: ключи те же, новые только правила. Исходящие вызовы не повторяются.
notice-decided-again = Обработано заново
