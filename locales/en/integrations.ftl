# Integrations: the list, the catalogue, connecting, the page of one.
nav-links = Links
save = Save
add = Add
delete = Delete
cancel = Cancel
rename = Rename
row-add = Add a row
row-remove = Remove the row
never = never

integrations-about = The partners you send leads to, and how their postbacks come in.
integrations-connect = Connect a partner
integrations-none = Connect your first partner
integrations-none-how = Choose it below: its postback URLs are ready at once. A partner that is not there is set up in a minute as your own.
integration-state-good = receiving
integration-state-new = waiting for the first postback
integration-state-silent = silent
integration-state-unmatched = many unmatched
integration-state-off = switched off
col-state = State
col-last-postback = Last postback
col-today = Today
col-matched = Matched
col-flagged = Flagged

catalogue = Partners
catalogue-search = Find a partner
catalogue-tabs = Categories
catalogue-own = Your own partner
catalogue-own-how = Any program with postbacks: Registration, First deposit and Recurring deposit are prepared.
catalogue-own-go = Set it up
catalogue-connect = Connect
catalogue-ready = ready
catalogue-soon = soon
catalogue-connected = { $count ->
    [one] connected
   *[other] { $count } connected
}
catalogue-nothing = No partner has this name. Set it up as your own: it takes the same macros.

connect-title = Connect { $name }
connect-sub = One step: the postbacks are prepared.
connect-about = What is known of it
connect-custom-title = Your own partner
connect-custom-sub = Three answers, and the URLs to paste are ready.
connect-step-name = Name
connect-name = What you call it here
connect-name-example = Vavada, RU traffic
connect-step-clickid = Click ID
connect-clickid-how = The parameter of the partner's link that will carry our clickid. Keep the suggested one unless you use it for something else.
connect-clickid-custom = Look into your partner's cabinet: which parameter of its link takes your own click id (often `sub1`, `sub_id`, `aff_sub`), and which macro gives it back in a postback (often `{"{"}sub1{"}"}`).
connect-param = Click ID parameter
connect-param-own = Parameter of the link
connect-macro = The partner's macro for it
connect-macro-how = Copy it with its brackets: `{"{"}sub1{"}"}`, `[sub1]`, `#sub1#`, `%sub1%`. The other macros will be written the same way.
connect-other-param = Another parameter
connect-step-postbacks = Postbacks
connect-postbacks-how = These will be there, with their URLs to copy. Names, events and macros can be changed at any time.
connect-fields = Custom fields that it fills:
connect-submit = Connect

integration-off-means = Switched off: its postbacks are answered 404 and kept. Process them again from the inbox after switching it on.
integration-silent = Silent for longer than usual, the last postback came
integration-silent-fix = Look whether the postback URLs are still in the partner's cabinet, and whether traffic goes there at all.
integration-unmatched = { $count ->
    [one] { $count } postback today found no lead: the clickid it brought is unknown.
   *[other] { $count } postbacks today found no lead: the clickids they brought are unknown.
}
integration-unmatched-see = Look at them
steps = Steps
step-done = done
step-clickid = Click ID
step-postbacks = Postbacks
step-fields = Fields
step-links = Links
step-test = Test
clickid-how = The parameter of the partner's link that carries our clickid, and the macro that brings it back in postbacks.
clickid-example = Leads get a link like this one; with an empty macro the parameter's own name is used.
registration-link = Registration link
link-example-base = https://partner.example/your-link

postbacks-how = One URL for each event. Copy it and paste it at the partner, in the field for that event.
legend-ours = our parameter
legend-theirs = the partner fills it
legend-fixed = always the same
never-came = has not come yet
today-count = { $count } counted today
postback-warned = { $count ->
    [one] { $count } thing to look at
   *[other] { $count } things to look at
}
postback-paste = At { $name }, paste this URL where it asks for the postback of: { $event }.
postback-macros = Macros of the partner
slot-amount = Amount
slot-currency = Currency
slot-tid = Transaction ID
slot-player = Player ID
slot-country = Country
slot-shared = in every postback
postback-more = Name, event, payout and other parameters
postback-name = Name
postback-name-example = Withdrawal
postback-event = Event
postback-others = Other parameters
postback-others-how = `tracker.payout`, `tracker.status`, `tracker.time`, `fields.KEY` … and what the partner brings in it. Empty a row to remove it.
postback-other-name = Parameter
postback-other-value = Value or macro
postback-too-many = More than 50 parameters do not fit into a postback URL.
postback-no-name = The value “{ $value }” has no parameter's name beside it.
postback-own-name = { $value } has its own place and cannot be among the other parameters.
postback-fixed-currency = Fixed currency
postback-fixed-currency-how = For sums of this event that come without one.
payout = What you earn
payout-how = Used where the postback does not bring `tracker.payout`.
payout-none = nothing fixed
payout-fixed = a fixed sum
payout-parameter = from a parameter
payout-amount = Sum
payout-currency = Currency
payout-param = Name of the parameter
default-status = Status without one
default-status-usual = approved, as usual
default-status-how = For postbacks that bring no status.
move-up = Up
move-down = Down
postback-add = Add a postback
postback-add-how = Built-in events: `registration`, `sale`, `resale`, `deposit`, `withdrawal`, `chargeback`, `commission`. Any other name is an event of your own; define it below.
postback-delete = Delete the postback
postback-delete-means = “{ $name }” goes from this page. Events stay, and the URL, where it is pasted, goes on working.

mapping-how = What the partner tells of a player, and the custom field of the lead that keeps it. It goes into every postback URL as `fields.KEY`. A key that is not there yet is made.
mapping-field = Field key
mapping-macro = The partner's macro
mapping-no-macro = Field { $value } has no macro beside it.
mapping-no-key = { $value } has no field key beside it.
mapping-twice = Field { $value } is there twice.
setting-player-field = Player ID field
player-field-how = Finds the lead where a postback comes without a usable clickid.

links-how = The link you got from the partner plus `{ $param }` with the lead's clickid.
links-all = All links

test-how = Goes the whole way a real postback goes, lands on a test lead and stays out of every report.
test-send = Send a test
test-refused = This test would be refused: check the event and the values.
setting-test-amount = Amount
setting-test-currency = Currency
setting-test-tid = Transaction ID
setting-test-status = Status
tested-open = How it was read
tested-clean = Nothing odd about it.

settings = Settings
settings-how = How this partner's postbacks are read. Most partners need none of this.
summary-none = none
summary-no-currency = no fixed currency
summary-open = open to all
summary-words = { $count ->
    [one] { $count } word
   *[other] { $count } words
}
summary-aliases = { $count ->
    [one] { $count } name
   *[other] { $count } names
}
summary-events = { $count ->
    [one] { $count } event
   *[other] { $count } events
}
summary-secrets = { $count ->
    [one] with a secret
   *[other] { $count } secrets
}
summary-nets = { $count ->
    [one] { $count } address
   *[other] { $count } addresses
}
group-words = The partner's words for events
group-words-how = Where the event comes from a macro, its words stand on the left: `firstDeposit` → `sale`.
words-theirs = The partner's word
words-event = Event
words-status = Status
word-no-event = The word “{ $value }” needs an event beside it, such as sale.
word-no-status = The word “{ $value }” needs a status beside it.
group-events = Events of your own
group-events-how = KYC, level reached, bonus taken: names that the team counts besides the built-in ones. They are the same for all integrations.
event-name = Name of the event
event-counts-money = money moves with it
event-money = with money
event-no-money = without money
event-define = Define
group-statuses = The partner's words for statuses
group-statuses-how = `approved`, `paid`, `pending`, `hold`, `rejected`, `trash` and the like are understood already.
group-sameness = The same event twice
group-sameness-how = When a second postback is a copy and when it is a new event.
tid-means = What the transaction ID is
tid-means-transaction = the transaction: one ID for each event
tid-means-click = the click: the same for all events of a lead
tid-means-how = With the ID of a click copies cannot be told apart by it.
repeats = What may be a repeat
repeats-count = count it and flag it
repeats-hold = hold it until you decide
repeats-drop = drop it
repeats-short-count = possible repeats are counted
repeats-short-hold = possible repeats are held
repeats-short-drop = possible repeats are dropped
repeats-how = No transaction ID, the same lead, event, sum and currency within the window.
setting-window = Window, minutes
modes = By event
modes-how = How a second postback of an event is taken.
modes-event = Event
modes-mode = A second postback
mode-by-tid = by transaction ID
mode-first-only = only the first counts
mode-always-new = each is a new event
mode-update = the last sum wins
group-money = Currency and time
setting-currency = Fixed currency
fixed-currency-how = For sums that come without a currency.
setting-time-zone = Time zone of the partner
time-zone-how = For times that come without one. Written like `Europe/Moscow`.
group-aliases = The partner's own parameter names
group-aliases-how = For a partner that calls with fixed names: `subid` → `clickid`, `sum` → `tracker.cost`. Names like payout mean what you earn: `tracker.payout`.
aliases-theirs = The partner's name
aliases-ours = Our parameter
aliases-preset = Take the names of
aliases-preset-none = nobody
group-access = Who may send
secret = Secret
secret-how = Becomes a part of every URL here; a postback without it is answered 403. A new secret lets the old one work until you drop it, so that URLs can be replaced one by one.
secret-new = Ask for a secret
secret-rotate = Make a new secret
secret-drop-old = Drop the old one
secret-none = Ask for none
secret-newest = in the URLs above
secret-old = still valid
setting-allowed-ips = Addresses that may send
allowed-ips-how = One a line, addresses or networks. Empty lets in all.
group-general = Name, switching off, deleting
setting-name = Name
switch-on = Switch on
switch-off = Switch off
switch-off-means = Postbacks are answered 404 while it is off. They are kept and can be processed again.
integration-delete = Delete the integration
integration-delete-sure = The partner will get 404 for every postback from now on.
integration-delete-means = Deleting { $name } takes away its postback URLs, field mapping, words and registration links from these pages. Leads and recorded events stay, in reports too.

set-up-name = Write a name of 1 to 200 characters.
set-up-param = “{ $value }” is no parameter's name. It is written like sub4, without brackets.
set-up-no-macro = “{ $value }” is no macro. Copy it from the cabinet with its brackets, like {"{"}sub1{"}"}.
set-up-alias = “{ $value }” is no parameter of a postback. Choose one of the list, or fields.KEY.
set-up-word = A word is empty or longer than it can be.
set-up-address = “{ $value }” is neither an address nor a network. Written like 203.0.113.7 or 198.51.100.0/24.
set-up-short-secret = A secret needs at least 8 characters.
set-up-event = Write an event of 1 to 64 characters, such as registration, sale or resale.
set-up-built-in = “{ $value }” is built in already.
set-up-time-zone = The time zone “{ $value }” is unknown. Written like Europe/Moscow.
set-up-repeat-window = The window is a number of minutes, at most a month.
set-up-too-long = “{ $value }” is too long.
set-up-too-many = That is more than 500 entries.
set-up-field-key = “{ $value }” is no field key: a-z, 0-9 and _ only, at most 64.
set-up-currency = The currency “{ $value }” is unknown. Written like USD, EUR or USDT.
set-up-amount = “{ $value }” is no sum. Written like 30 or 12.50.
set-up-payout-param = Write the name of the parameter that brings it.

notice-connected = Connected. Copy the URLs below
notice-switched-off = Switched off
notice-switched-on = Switched on
notice-integration-deleted = Integration deleted
notice-postback-deleted = Postback deleted
notice-event-defined = Event defined
notice-test-sent = Test sent
shelf-all = All
left-out = { $count ->
    [one] A partner file of this server was left out.
   *[other] { $count } partner files of this server were left out.
}
left-out-what = They stand in `partners/` below the data directory. Mend what is named here and restart; the others work.
