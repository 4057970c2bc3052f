# What the postback doctor finds, and what to do about it. $subject is the parameter or text it is about.

doctor-nothing-found = There is no address in this text.
doctor-nothing-found-fix = Paste a postback URL, a partner's template, a registration link or a line of a log.
doctor-missing-clickid = Nothing carries the clickid ({ $subject }).
doctor-missing-clickid-fix = In a postback write clickid= and the partner's macro of the parameter that carries our clickid, like clickid={"{"}sub4{"}"}. In a registration link write that parameter with {"{{"}tracker.clickid{"}}"}.
doctor-clickid-is-name = { $subject } is the name of a parameter, not its macro. The partner will send this word instead of a clickid.
doctor-clickid-is-name-fix = In a postback put the name into the partner's brackets, like {"{"}sub1{"}"}. In a registration link write {"{{"}tracker.clickid{"}}"}.
doctor-our-macro-in-postback = { $subject } holds a macro of Clickback. The partner cannot fill it.
doctor-our-macro-in-postback-fix = Our macro goes into the registration link. In the postback write the partner's own macro, like {"{"}sub4{"}"}.
doctor-partner-macro-in-link = { $subject } is a partner's macro, but in a registration link Clickback fills this parameter.
doctor-partner-macro-in-link-fix = Write {"{{"}tracker.clickid{"}}"} as its value.
doctor-single-braces = { $subject } has single braces, so Clickback will not fill it.
doctor-single-braces-fix = Write two braces on each side: {"{{"}tracker.clickid{"}}"}.
doctor-macro-encoded = The brackets of the macro are percent-encoded: { $subject }. Nothing will replace it.
doctor-macro-encoded-fix = Write the brackets themselves instead of %7B and %7D. If the field encodes them when you paste, type the macro by hand.
doctor-macro-unexpanded = { $subject } arrived as a macro: the partner did not fill it.
doctor-macro-unexpanded-fix = Check the macro's name in your partner's cabinet and correct it in the postback URL there.
doctor-missing-event = Nothing says what happened ({ $subject }).
doctor-missing-event-fix = Add tracker.event=registration, sale or resale: one postback URL per event. If the partner has a macro for the event, put it there and map its words.
doctor-placeholder-event = { $subject } is the un-edited event of a set-up page.
doctor-placeholder-event-fix = Write tracker.event=sale for the first deposit, resale for repeat deposits, registration for registrations.
doctor-conflicting-values = { $subject }: the same parameter is there twice with different values. Such a request is rejected.
doctor-conflicting-values-fix = Leave one of them.
doctor-bad-encoding = { $subject } is not encoded correctly. Such a request is rejected.
doctor-bad-encoding-fix = Write %25 for a percent sign in a value, and send values in UTF-8.
doctor-too-many-parameters = There are more than 200 parameters. Such a request is rejected.
doctor-too-many-parameters-fix = Remove the parameters you do not need.
doctor-constant-clickid = { $subject } is a fixed value: every lead gets the same clickid.
doctor-constant-clickid-fix = Write a macro instead: the partner's own in a postback, {"{{"}tracker.clickid{"}}"} in a registration link.
doctor-clickid-mismatch = { $subject } is not the clickid parameter of this integration.
doctor-clickid-mismatch-fix = The registration link and the postback must use the same parameter of the partner. Change it here or in the integration.
doctor-unknown-event = The event { $subject } is neither one of ours nor mapped.
doctor-unknown-event-fix = Use registration, sale, resale, deposit, withdrawal, chargeback or commission, or map the partner's word in the integration.
doctor-unknown-parameter = Clickback does not read a parameter named { $subject } here.
doctor-unknown-parameter-fix = Take our name from the converted URL, or add this name as an alias in the integration.
doctor-fields-in-link = { $subject } does nothing in a registration link: the partner does not send it back.
doctor-fields-in-link-fix = Move it to the field mapping of the postbacks.
doctor-amount-missing = The event { $subject } comes without a sum. It will be counted, but without money.
doctor-amount-missing-fix = Add tracker.cost with the partner's macro of the sum, like tracker.cost={"{"}amount{"}"}.
doctor-constant-amount = { $subject } is a fixed sum: every event gets it.
doctor-constant-amount-fix = Write the partner's macro of the sum, like {"{"}amount{"}"}. For a fixed payout use the payout setting of the postback configuration.
doctor-amount-unreadable = The sum { $subject } cannot be read with certainty, so it will not be counted.
doctor-amount-unreadable-fix = Ask the partner to send a plain number with a point, like 1234.56.
doctor-amount-negative = { $subject }: a deposit below zero is not counted.
doctor-amount-negative-fix = Send money going out as tracker.event=withdrawal or chargeback.
doctor-currency-missing = { $subject } has no currency, and none is fixed. The sum stays outside totals.
doctor-currency-missing-fix = Add tracker.currency=usd or the partner's macro, or fix a currency in the integration.
doctor-currency-unknown = The currency in { $subject } is unknown. The sum stays outside totals.
doctor-currency-unknown-fix = Use a code like USD, EUR or USDT.
doctor-no-tid = There is no usable transaction id ({ $subject }): a repeat deposit cannot be told from a resend of the same request.
doctor-no-tid-fix = Add tracker.tid with the partner's macro of the transaction, like tracker.tid={"{"}event_id{"}"}.
doctor-constant-tid = { $subject } is a fixed transaction id: of each lead's deposits only the first will count.
doctor-constant-tid-fix = Write the partner's macro of the transaction, like {"{"}event_id{"}"}.
doctor-tid-is-clickid = { $subject } is the clickid once more. It does not tell transactions apart and will not be used.
doctor-tid-is-clickid-fix = Take another macro for tracker.tid: the id of the deposit or the event.
doctor-payout-or-deposit = { $subject }: it is not clear whether this is the player's deposit or your payout.
doctor-payout-or-deposit-fix = The deposit belongs into tracker.cost, what you earn into tracker.payout. Check what the macro means in your partner's cabinet.
doctor-mixed-styles = { $subject } is written in another macro style than the rest. The partner fills only one of them.
doctor-mixed-styles-fix = Check how your partner writes macros and use that style everywhere.
doctor-html-entity = The address holds { $subject }: it was copied from the code of a web page.
doctor-html-entity-fix = Write & instead of &amp; and &currency instead of ¤cy, or take the converted URL.
doctor-second-question-mark = There is a second question mark in the address.
doctor-second-question-mark-fix = Keep the first one and write & instead of the others.
doctor-stray-characters = Blanks, line breaks or backslashes came along with the copied address: { $subject }.
doctor-stray-characters-fix = Remove them, or take the converted URL.
doctor-plain-http = { $subject } is called over http://, unprotected.
doctor-plain-http-fix = Write https://. Keep http:// only if the partner cannot do otherwise.
doctor-other-address = { $subject } is not the address of this integration: postbacks sent there will not arrive here.
doctor-other-address-fix = Paste the converted URL at the partner.
doctor-secret-exposed = The text shows the value of { $subject }.
doctor-secret-exposed-fix = If others can see this text, set a new secret in the integration and at the partner.
doctor-too-long = The text is longer than 64 KiB. Only its start was examined.
doctor-too-long-fix = Paste one address or one line of the log.
doctor-several-addresses = There are several addresses in the text. Only this one was examined: { $subject }.
doctor-several-addresses-fix = Paste the others one by one.
doctor-alias-conflict = { $subject } says the same thing as another parameter, with a different value. Our own name wins.
doctor-alias-conflict-fix = Leave one of them.
doctor-event-from-macro = The event comes from a macro: { $subject }.
doctor-event-from-macro-fix = Map the words that the partner sends to events in the integration, otherwise they stay outside totals.
doctor-word-translated = The word for the event was translated: { $subject }.
doctor-word-translated-fix = Check that the partner means this event by it.
doctor-status-unknown = The status in { $subject } is neither one of ours nor mapped. Such events count as pending.
doctor-status-unknown-fix = Map the word to approved, pending or rejected in the integration.
doctor-amount-reinterpreted = The sum { $subject } is readable but not written plainly.
doctor-amount-reinterpreted-fix = Nothing to do. Plain would be digits and a point, like 1234.56.
doctor-field-unknown = There is no custom field with the key { $subject }.
doctor-field-unknown-fix = Create the field, or correct the key.
