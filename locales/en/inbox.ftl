# The inbox: the list, one request, how it was read.
inbox-title = Postbacks
inbox-sub = Every request your partners sent, exactly as it came.
inbox-filter = Show
tab-all = All
tab-accepted = Accepted
tab-updated = Updated
tab-duplicate = Duplicate
tab-unmatched = Unmatched
tab-rejected = Rejected
tab-flagged = Flagged
filter-remove = Remove this filter
integration-any = All integrations
when = Time
when-what = Days of the workspace's time zone
when-any = Any time
when-today = Today
when-yesterday = Yesterday
when-week = 7 days
when-days = Choose days
when-from = From this day on
when-to = Up to this day
when-show = Show
by-hand = by hand
by-hand-what = A person wrote this event down
by-list = list
by-list-what = A line of a pasted list
search-clickid = Find a clickid

col-time = Time
col-verdict = Verdict
col-event = Event
col-clickid = Clickid
col-sum = Sum
col-flags = Flags

live-on = Live
live-off = Connecting
live-paused = Paused
live-new = { $n } new
live-pause = Pause
live-resume = Resume

inbox-nothing = Nothing matches this filter
inbox-show-all = Show all postbacks
inbox-empty = No postbacks yet
inbox-empty-how = Give this URL to your partner: everything it sends appears here, and nothing gets lost.
inbox-empty-try = Or send one to yourself:
inbox-empty-none = Make an integration first: it has the postback URL that your partner calls.
lesson-url = Postback URL
lesson-curl = Command

detail-request = Request
detail-raw = As it came
detail-written = As it was written
detail-body = Body
detail-read = How it was read
detail-unreadable = It could not be split into parameters.
detail-no-parameters = It had no parameters.
detail-original = The request that recorded it
detail-flags = { $count ->
    [one] One thing to check
   *[other] { $count } things to check
}
flag-all = All requests with this flag
detail-changes = History of the event
detail-about = About the request
detail-received = Received
detail-sender = Sender
detail-id = Request id

read-name = Parameter
read-raw = Came as
read-as = Read as
read-alias = stands for { $name }

sentence-accepted = Recorded for { $lead }: { $what }.
sentence-pending = Recorded for { $lead }: { $what }. It is pending, so it is not in the totals until the partner approves it.
sentence-held = Recorded for { $lead } and held: { $what }. It looks like a repeat and is not in the totals until someone approves it.
sentence-void = Recorded for { $lead } as rejected by the partner: { $what }. It is not in the totals.
sentence-other = Kept for { $lead }, outside the totals: nobody has said yet what the event `{ $what }` means.
sentence-updated = The event was recorded before. This request changed it: { $changed }.
sentence-completed = The event was recorded before. This request added what was missing.
sentence-duplicate = Nothing new: this event of { $lead } was recorded before, so it was not counted again.
sentence-unmatched = No click and no lead has the clickid `{ $clickid }`, so there is nobody to record it for.
sentence-unmatched-fix = It waits up to 90 days and applies itself as soon as the click or the lead appears. If the clickid is not one of yours, check which parameter of your link carries it.
sentence-unusable = The clickid is `{ $clickid }`: not an id, but what should have been replaced by one. It can never match a lead.
sentence-unusable-fix = The partner did not fill in `{ $macro }`. Check the macro's name in the partner's cabinet, and that your links carry the clickid.

meaning-clickid = Clickid
meaning-event = Event
meaning-amount = Sum
meaning-currency = Currency
meaning-payout = Payout
meaning-payout-currency = Payout currency
meaning-tid = Transaction id
meaning-status = Status
meaning-time = Time at the partner
meaning-field = Field { $key }
meaning-secret = Secret
meaning-kept = Not used

outcome-macro = not filled in, not used
outcome-blank = empty
outcome-unreadable = no certain reading, not used
outcome-broken = broken encoding
outcome-too-long = too long
outcome-unusable = not a usable id
outcome-superseded = another parameter was used
outcome-conflict = contradicts the other value
outcome-hidden = checked, never shown
outcome-kept = kept with the request

change-status = Status
change-amount = Sum
change-currency = Currency
change-payout = Payout
change-payout-currency = Payout currency
change-kind = Kind
change-nothing = nothing
change-by-person = by hand
change-by-this = by this request
change-by-request = by a request

reject-missing-clickid = Answered 400: the request has no clickid, so there is nobody to record it for.
reject-missing-clickid-fix = Add `clickid=` with the partner's macro for your click id to the postback URL.
reject-missing-event = Answered 400: the request does not say what happened.
reject-missing-event-fix = Add `tracker.event=registration` (or `sale`, `resale`) to the postback URL.
reject-bad-encoding = Answered 400: `{ $name }` has a broken percent-escape or is not UTF-8.
reject-bad-encoding-fix = The partner must encode values as UTF-8. A lone `%` in the URL you gave it is a common cause.
reject-conflicting-values = Answered 400: `{ $name }` came twice with different values, `{ $first }` and `{ $second }`.
reject-conflicting-values-fix = Keep it once in the postback URL. Often the partner adds it by itself.
reject-too-long = Answered 400: `{ $name }` is longer than { $limit } bytes.
reject-too-long-fix = Check which macro fills it: ids and event names are short.
reject-too-many-parameters = Answered 400: the request has more than { $limit } parameters.
reject-too-many-parameters-fix = Leave only what you need in the postback URL.
reject-bad-body = Answered 400: the body could not be read.
reject-bad-body-fix = Send a form or a flat JSON object, such as `{"{"}"clickid":"…","tracker.event":"sale"{"}"}`.
reject-forbidden = Answered 403: the secret is missing or wrong, or the sender's address is not on the list.
reject-forbidden-fix = Compare `secret=` in the partner's cabinet with the integration's, and its address with the allowed ones.
reject-switched-off = Answered 404: this integration is switched off.
reject-switched-off-fix = Switch it on and process the request again: it is kept here.
reject-too-large = Answered 413: the body is larger than { $limit } bytes.
reject-too-large-fix = Ask the partner to send only the parameters you need.
reject-unsupported-type = Answered 415: a body of this type cannot be read.
reject-unsupported-type-fix = Ask the partner for a form, flat JSON, or plain GET.
reject-body-timeout = Answered 408: the body took too long to arrive.
reject-body-timeout-fix = Partners usually send it again. If it repeats, the connection between you is slow.
reject-not-processed = The request was kept but could not be decided.
reject-not-processed-fix = Process it again: its raw text is here. The server's log says what happened.

integration-custom = Custom integration
integration-inbox = its postbacks
legend-macro = is the partner's macro: it puts the value in

act-approve = Approve
act-void = Void
act-again = Reprocess
act-separately = Count separately
separate-what = { $known } is recorded under this id, and this request says { $sum }. If it is another payment, it becomes an event of its own and its sum joins the totals; the recorded event stays as it is.
separate-submit = It is another payment
notice-counted-separately = Counted separately
again-title = Reprocess
again-what = Decides the requests of this filter again by the rules of today. You see first what will change.
again-seen = { $count ->
    [one] { $count } request read again.
   *[other] { $count } requests read again.
}
again-changed = { $count ->
    [one] { $count } will change.
   *[other] { $count } will change.
}
again-hidden = { $count ->
    [one] and { $count } more
   *[other] and { $count } more
}
again-more = Only the newest { $count } requests of this filter were read. Choose days to get to older ones.
again-nothing = Nothing would change.
again-submit = Apply
again-before = Now
again-after = Will be
again-promise = Nothing is deleted and nothing is counted twice: keys are the same, only the rules are new. Outgoing calls are not repeated.
notice-decided-again = Reprocessed
