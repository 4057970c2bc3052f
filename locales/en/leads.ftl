# Leads: the list and the card.
leads-sub = People you sent to partners, and what they did there.
leads-search = Name, clickid or player id
leads-empty = No leads yet
leads-empty-how = A lead appears by itself when a postback names a known click. You can also make one:
leads-example = Command
leads-nothing = No lead found
leads-nothing-why = Names are searched by part, clickids and outside ids as a whole.
leads-show-all = Show all leads
lead-nameless = No name
col-lead = Lead
col-registrations = Registrations
col-deposits = Deposits
col-deposited = Deposited
col-created = Created

total-deposits = Deposits
total-net = Net deposits
total-payouts = Payouts
total-count = Number of deposits
lead-fields = Fields
lead-fields-none = No values yet. Partners fill fields with `fields.KEY=` in the postback URL.
lead-misfit = does not fit the kind
lead-tracker = Tracker data
lead-created = Created
lead-clicked = Click
identity-clickid = Other clickid
identity-telegram = Telegram
identity-player = Player ID
lead-events = Events
lead-events-none = Nothing happened yet. Events appear here when the partner sends postbacks.
entry-tid = Transaction id
entry-payout = payout
entry-changes = { $count ->
    [one] { $count } change
   *[other] { $count } changes
}
lead-links = Ready links
lead-links-none = No registration links yet.
lead-link-broken = This link cannot be made: check its base URL.
