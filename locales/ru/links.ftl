# Ссылки регистрации: список и форма.
links-sub = Ссылки партнёрок с вашим clickid внутри — их вы отдаёте лидам.
links-every = Все интеграции
links-none = Ссылок пока нет
links-none-here = У этой интеграции ссылок пока нет
links-none-how = Вставьте ссылку, которую дала партнёрка: в неё добавится `sub4={"{"}{"{"}tracker.clickid{"}"}{"}"}`, и каждый лид получит её со своим clickid.
links-no-integration = Сначала подключите партнёрку
links-no-integration-how = Ссылке регистрации нужно знать, какой параметр партнёрки несёт clickid.
col-link = Ссылка
link-new = Новая ссылка
link-sub = Для
link-name = Название ссылки
link-name-example = Регистрация
link-name-how = Его видите только вы.
link-base = Ваша ссылка
link-base-how = Та, что в кабинете партнёрки, как есть.
link-extra = Дополнительные параметры
link-extra-how = Наши макросы, например `{"{"}{"{"}lead.name{"}"}{"}"}` и `{"{"}{"{"}fields.КЛЮЧ{"}"}{"}"}`, подставятся для каждого лида, остальное останется как есть.
link-param = Параметр
link-value = Значение
link-preview = Показать результат
link-delete = Удалить ссылку
link-delete-means = Ссылка исчезнет отсюда и из карточек лидов. Уже отданные лидам продолжат работать.
link-final = Готовая ссылка с параметрами
link-blank = Вставьте свою ссылку, и здесь появится готовая.
link-broken = не собирается: откройте её
link-warned = { $count ->
    [one] { $count } замечание
    [few] { $count } замечания
   *[other] { $count } замечаний
}
link-rendered = Ссылка для лида
link-rendered-for = Она же для лида { $name }
link-for-lead = Проверить на лиде
link-move = Перенести `{ $value }` в сопоставление полей постбеков как `{ $name }`

link-warning-replaced = В вашей ссылке уже есть `{ $name }` со значением `{ $value }` — заменили.
link-warning-fields-in-link = `{ $name }={ $value }` в ссылке регистрации ничего не даёт: партнёрка не присылает его обратно. Ему место в постбеках.
link-warning-plain-http = Ссылка начинается с `http://`. У большинства партнёрок — `https://`.
link-warning-before-fragment = То, что после `#`, похоже на отдельную страницу. Параметры поставили перед ним.
link-warning-single-braces = `{"{"}{ $name }{"}"}` в одинарных скобках останется как есть. Наш макрос пишется `{"{"}{"{"}{ $name }{"}"}{"}"}`.
link-error-blank = Вставьте ссылку, которую дала партнёрка.
link-error-no-scheme = В начале ссылки нет `https://`. Нужно так: `https://{ $name }`.
link-error-not-http = Ссылка должна начинаться с `https://` или `http://`, а не с `{ $name }:`.
link-error-macro-in-host = Макрос `{ $name }` не может стоять в адресе сайта: ссылка могла бы вести куда угодно.
link-error-unknown-macro = `{ $name }` — не наш макрос. Наши: `{"{"}{"{"}tracker.clickid{"}"}{"}"}`, `{"{"}{"{"}fields.КЛЮЧ{"}"}{"}"}`, `{"{"}{"{"}lead.name{"}"}{"}"}` и `{"{"}{"{"}lead.id{"}"}{"}"}`.
link-error-bad-clickid-param = Параметр для clickid `{ $name }` в интеграции — не название параметра.
link-error-too-long = Ссылка длиннее 8000 символов, серверы её обрежут.
link-error-not-a-url = Это не ссылка. Поищите пробелы, переносы строк или недостающую часть адреса.

notice-link-saved = Ссылка сохранена
notice-link-deleted = Ссылка удалена
