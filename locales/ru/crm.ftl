# Работа с лидами: список, карточка, статусы, объединение, списки конверсий, поля.
lead-status-new = Новый
lead-status-in-work = В работе
lead-status-registered = Регистрация
lead-status-deposited = Депозит
lead-status-lost = Потерян
tone-quiet = Серый
tone-accent = Бирюзовый
tone-good = Зелёный
tone-warn = Янтарный
tone-bad = Красный
col-status = Статус
col-tags = Теги
col-buyer = Баер
col-net = Чистые депозиты
filter-status = Любой статус
filter-tag = Любой тег
filter-buyer = Все баеры
filter-integration = Все интеграции
filter-deposited = ФД: неважно
filter-deposited-yes = С ФД
filter-deposited-no = Без ФД
filter-from = Создан не раньше
filter-to = Создан не позже
filter-clear = Сбросить
columns = Колонки
columns-save = Показать эти
lead-add = Добавить лида
lead-add-submit = Добавить
lead-name = Имя
lead-clickid-hint = Оставьте пустым — clickid создадим мы.
lead-buyer-none = Без баера
lead-clickid-taken = Лид с clickid «{ $clickid }» уже есть. Найдите его поиском или укажите другой clickid.
lead-clickid-unfit = «{ $clickid }» не подходит: это макрос, имя параметра или слишком длинный текст. Нужен сам clickid, до 255 байт.
lead-name-long = Имя длиннее 200 символов. Сократите его.
lead-rename = Изменить имя
lead-status-gone = Такого статуса больше нет. Выберите другой из списка.
lead-buyer-unfit = Передать лида можно только баеру, чьи лиды вы видите.
lead-tags-unfit = Тег — от 1 до 40 символов без запятых, у лида не больше 30 тегов.
lead-fields-make = Создать поля
lead-timeline = История
lead-acts = Действия
boolean-yes = Да
boolean-no = Нет
field-empty = не указано
field-open = Открыть ссылку
field-too-long = Значение длиннее 4000 символов. Сократите его.
field-unfit-link = «{ $value }» — не ссылка. Она начинается с https://, http:// или tg://.
field-unfit-number = «{ $value }» — не число. Например: 1250.50.
field-unfit-date = «{ $value }» — не дата. Напишите как 2026-01-31.
field-unfit-select = Варианта «{ $value }» нет в списке. Выберите из списка или добавьте его в настройках поля.
field-unfit-multiselect = Варианта «{ $value }» нет в списке. Выберите из списка или добавьте его в настройках поля.
field-unfit-boolean = Здесь может быть только «да» или «нет».
identity-add = Привязать id
identity-kind = Что привязать
identity-value = Значение
identity-hint = Постбеки с этим id найдут этого лида. Ждавшие применятся сразу.
identity-submit = Привязать
identity-kind-unfit = Выберите, что это за id: clickid, Telegram или ID игрока.
identity-taken = «{ $value }» уже принадлежит другому лиду. Если это один человек, объедините лидов.
identity-unfit = «{ $value }» не подходит: нужен сам id, а не макрос, до 255 байт.
note = Заметка
note-placeholder = Заметка о лиде
note-submit = Сохранить заметку
note-edit = Изменить
note-edited = изменена
note-delete = Удалить заметку
note-empty = Заметка пустая. Напишите текст.
note-long = Заметка длиннее 10 000 символов. Разделите её на части.
tags-placeholder = vip, перезвонить
entry-click = Клик по ссылке
change-api = API
changed-status = { $who }: статус «{ $old }» → «{ $new }»
changed-buyer = { $who }: баер «{ $old }» → «{ $new }»
changed-merge = { $who }: объединение с лидом «{ $old }», clickid { $new }
event-void-what = Событие уйдёт из итогов. Вернуть его можно здесь же.
event-by-hand = Событие вручную
event-by-hand-open = Записать событие
event-by-hand-what = Если партнёрка не прислала постбек. Придёт позже с тем же ID транзакции — будет дублем, а не вторым депозитом.
event-what = Событие
event-sum = Сумма
event-currency = Валюта
event-tid = ID транзакции
event-time = Когда произошло, по часам интеграции
event-submit = Записать
merge-open = Объединить с другим лидом
merge-title = Объединение лидов
merge-sub = Найдите вторую карточку этого же человека: она перейдёт к лиду «{ $name }».
merge-stays = Останется «{ $name }»
merge-namesakes = С тем же именем
merge-lesson = Что делает объединение
merge-lesson-moves = ID, поля, теги, заметки и события второго лида переедут сюда, и его постбеки дальше будут приходить сюда.
merge-lesson-once = Что есть на обеих карточках — та же регистрация или та же транзакция, — посчитается один раз.
merge-lesson-first = Первый депозит останется один, самый ранний. Сначала вы увидите, что изменится, и только потом решите.
merge-plan = К нему перейдёт «{ $other }»
merge-identities = { $count ->
    [one] { $count } id будет находить этого лида
    [few] { $count } id будут находить этого лида
   *[other] { $count } id будут находить этого лида
}
merge-events = { $count ->
    [one] Перейдёт { $count } событие, история будет решена заново по порядку
    [few] Перейдут { $count } события, история будет решена заново по порядку
   *[other] Перейдут { $count } событий, история будет решена заново по порядку
}
merge-values = { $count ->
    [one] { $count } значение поля свежее и заменит здешнее
    [few] { $count } значения полей свежее и заменят здешние
   *[other] { $count } значений полей свежее и заменят здешние
}
merge-notes = { $count ->
    [one] Перейдёт { $count } заметка
    [few] Перейдут { $count } заметки
   *[other] Перейдут { $count } заметок
}
merge-gone = Второй карточки не станет, её адрес будет вести сюда
merge-repeats = Считались дважды, будут посчитаны один раз
merge-renamed = Станут другим событием
merge-after = Итоги после объединения
merge-submit = Объединить
merge-other = Выбрать другого
merge-final = Разделить лидов обратно нельзя.
merge-none = Других лидов не нашлось. Имя ищется по части, clickid и внешние id — целиком.
merge-unfit = Этих лидов не объединить: это один и тот же лид или лид тестовых событий. Выберите другого.
import-title = Вставить список
import-sub = Пропущенные конверсии из кабинета партнёрки: по одной в строке, до 10 000 строк.
import-list = Список
import-hint = Колонки: `clickid`, `event`, `sum`, `currency`, `tid`, `time`, `status`, `payout`. Разделитель — табуляция, запятая или точка с запятой. Заголовок необязателен, понимаем и русский: «Событие», «Сумма», «Валюта».
import-event = Событие
import-event-column = Из колонки списка
import-look = Проверить
import-apply = Применить
import-looked = Что сделает каждая строка
import-no-integration = Выберите интеграцию, от которой эти конверсии.
import-no-integrations = Сначала подключите партнёрку: строки списка решаются по её правилам.
import-bad-empty = Список пустой: вставьте хотя бы одну строку с clickid.
import-bad-too-long = В списке { $count } строк, а можно до { $most }. Разделите его на части.
import-bad-no-clickid = В заголовке нет колонки с clickid. Назовите её `clickid`.
import-bad-no-event = В заголовке нет колонки с событием. Назовите её «Событие» или выберите событие ниже — одно на весь список.
import-bad-twice = Колонка «{ $name }» повторяет другую. Оставьте одну из них.
import-bad-open-quote = В строке { $line } открыта и не закрыта кавычка.
import-unused = Эти колонки не используются: { $names }.
import-line = Строка
import-verdict = Решение
import-why = Почему
import-why-accepted = Новое событие
import-why-updated = Дополняет известное событие
import-why-duplicate = Уже есть, второй раз не считается
import-why-unmatched = Лида с таким clickid нет: строка подождёт его
import-why-rejected = Строку не прочитать
import-hidden = { $count ->
    [one] И ещё { $count } строка.
    [few] И ещё { $count } строки.
   *[other] И ещё { $count } строк.
}
import-past = Вставленные списки
import-when = Когда
import-lines = Строк
import-author = Кто
import-one = Список конверсий
import-undone = Отменён
import-undone-all = События, ключи и итоги этого списка убраны.
import-undone-kept = Строки ниже остались: их события затронуло что-то ещё — другой постбек или решение человека.
import-undo = Отменить список
import-undo-what = События этого списка исчезнут вместе со своими ключами и местом в итогах. Затронутое чем-то ещё останется, и мы покажем, что именно.
settings-fields = Кастомные поля
settings-statuses = Статусы лидов
fields-none = Кастомных полей пока нет. Партнёрка заполняет их через `fields.КЛЮЧ=` в ссылке постбека.
field-name = Название
field-key = Ключ поля
field-kind = Вид
field-shown = На карточке
field-order = Порядок
field-add = Новое поле
field-add-what = Ключ пишется в ссылке постбека: `fields.last_deposit`.
field-add-submit = Создать поле
field-key-hint = Латинские буквы a–z, цифры и _. Потом не меняется: его используют постбеки.
field-key-unfit = Ключ «{ $key }» не подходит: только a–z, 0–9 и _, до 64 символов.
field-key-taken = Поле с ключом «{ $key }» уже есть. Возьмите другой ключ.
field-name-long = Название — от 1 до 100 символов.
field-options = Варианты
field-options-hint = По одному в строке; только для списков.
field-options-unfit = Для списка нужны варианты: от 1 до 200, по одному в строке.
field-rename-hint = Ключ и значения при переименовании не меняются.
field-visible = Показывать на карточке лида
field-kind-text = Текст
field-kind-long-text = Длинный текст
field-kind-link = Ссылка
field-kind-number = Число
field-kind-date = Дата
field-kind-select = Список
field-kind-multiselect = Несколько из списка
field-kind-boolean = Да / нет
field-uses = Где используется
field-uses-none = Ни одна интеграция этот ключ не заполняет.
field-use-mapping = сопоставление полей: { $macro }
field-use-player = отсюда берётся ID игрока
field-use-alias = под другим именем параметра
field-use-postback = в ссылке постбека «{ $name }»
field-delete = Удалить поле
field-delete-open = Удалить поле…
field-delete-values = { $count ->
    [0] Значений у лидов нет.
    [one] Пропадёт { $count } значение у лидов.
    [few] Пропадут { $count } значения у лидов.
   *[other] Пропадут { $count } значений у лидов.
}
field-delete-used = Ключ стоит в постбеках: они продолжат приходить, но значения больше не запишутся.
field-delete-final = Вернуть значения будет нельзя.
field-creates = Автоматические поля
field-creates-switch = Создавать текстовые поля автоматически
field-creates-what = Постбек с незнакомым ключом создаст поле, всего до 100. Иначе ключ останется в запросе с пометкой.
statuses-what = Этапы работы с лидом. Названия и цвета — ваши.
statuses-unfit = Проверьте список: у каждого статуса есть название до 40 символов, всего их не больше 30.
statuses-delete-what = Лиды с удалённым статусом вернутся в первый.
status-place = Место
status-tone = Цвет
status-looks = Вид
status-delete = Удалить
status-first = с него начинают
status-new = Новый статус
notice-lead-made = Лид создан
notice-note-added = Заметка сохранена
notice-note-deleted = Заметка удалена
notice-identity-bound = Id привязан
notice-event-added = Событие записано
notice-event-updated = Известное событие дополнено
notice-event-known = Такое событие уже есть: второй раз не считаем
notice-leads-merged = Лиды объединены
notice-list-applied = Список применён
notice-list-undone = Список отменён
notice-list-undone-partly = Список отменён частично
notice-field-made = Поле создано
notice-field-deleted = Поле удалено
log-event-by-hand = записал событие вручную
log-leads-merged = объединил лидов
log-list-applied = применил список конверсий
log-list-undone = отменил список конверсий
log-field-deleted = удалил кастомное поле
