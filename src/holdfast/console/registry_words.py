"""The sentences of the registry's pages."""

from __future__ import annotations

from holdfast.core.words import N_
from holdfast.registry.asking import DISPUTED, NOT_REPORTED, REPORTED
from holdfast.registry.names import WARNING

SENTENCES = {
    "skip": N_("Skip to the content"),
    "menu": N_("Pages"),
    "registry": N_("Registry"),
    "listings": N_("Listings"),
    "list": N_("List"),
    "glass": N_("Break glass"),
    "upload": N_("Upload a file"),
    "uploaded": N_("What became of the file"),
    "rows": N_("Rows"),
    "standing": N_("Stand now"),
    "proposed": N_("Wait for a second person"),
    "known": N_("Known before"),
    "updated": N_("Updated"),
    "problems": N_("Problems"),
    "row": N_("Row"),
    "code": N_("Code"),
    "problem": N_("What is wrong"),
    "file": N_("File"),
    "file_waits": N_("Listings of this file that wait for a second person:"),
    "file_open": N_("Look at what the file proposed, and decide"),
    "file_undecided": N_("These could not be decided like the rest"),
    "listing": N_("Listing"),
    "contests": N_("Contests"),
    "contests_none": N_("No contest stands so."),
    "contest": N_("Contest"),
    "uncontested": N_("Nobody has contested it."),
    "hotline": N_("Contest on the phone"),
    "show": N_("Show"),
    "find": N_("Find"),
    "find_title": N_("Find a listing"),
    "found_none": N_("Nothing was found."),
    "found_more": N_("There is more than is shown here; ask for less."),
    "names_warning": WARNING,
    "names_cut": N_("Only the newest names that victims were shown were compared."),
    "heard_as": N_("Heard as"),
    "likeness": N_("Likeness"),
    "why_shown": N_("Why it is shown"),
    "older": N_("Older ones"),
    "more": N_("Show more"),
    "candidate_more": N_("There are more listings of this one than are shown."),
    "case_listed": N_("What became of what the case tells of"),
    "case_new": N_("Listed now"),
    "case_left_out": N_("Left out"),
    "case_off": N_("Listings that ended by it:"),
    "figures_title": N_("How contests are answered"),
    "figures_none": N_("Nobody has contested anything in that time."),
    "figures_all": N_("All together"),
    "figures_contests": N_("Contests"),
    "figures_open": N_("Wait"),
    "figures_overdue": N_("Overdue"),
    "figures_decided": N_("Decided"),
    "figures_upheld": N_("Upheld, % of the decided"),
    "figures_median": N_("Hours until half were decided"),
    "figures_p90": N_("Hours until 9 of 10 were decided"),
    "figures_suspended": N_("Listings suspended because nobody decided in time"),
    "none": N_("No listing stands so."),
    "subject": N_("Subject"),
    "state": N_("State"),
    "tier": N_("Tier"),
    "since": N_("Since"),
    "until": N_("Ends by itself"),
    "ended": N_("Ended"),
    "disputed": N_("Disputed: the person concerned says that it is wrong"),
    "ground": N_("Ground"),
    "evidence": N_("How well it is known"),
    "involvement": N_("Part the holder played"),
    "behaviour": N_("What was seen"),
    "legal_basis": N_("Legal basis"),
    "case": N_("Case"),
    "reference": N_("Reference"),
    "source_country": N_("Found in"),
    "institution": N_("Institution"),
    "listed_by": N_("Listed by"),
    "decided_by": N_("Decided by"),
    "approved_by": N_("Approved by"),
    "contest_way": N_("Contested at"),
    "broken_glass": N_("Made by one person alone in a running attack"),
    "glass_review": N_("Was it justified?"),
    "glass_due": N_("Another person must look at it by"),
    "justified": N_("It was justified."),
    "unjustified": N_("It was not justified."),
    "history": N_("History"),
    "time": N_("Time"),
    "from": N_("From"),
    "to": N_("To"),
    "who": N_("Who"),
    "why": N_("Why"),
    "notices": N_("Notices to people"),
    "notices_none": N_("No notice was written yet."),
    "bringer": N_("Who brings it"),
    "for_whom": N_("For whom"),
    "due": N_("Due"),
    "brought": N_("Brought"),
    "notice_code": N_("Code for the notice"),
    "countersign": N_("Countersign"),
    "approve": N_("Approve"),
    "refuse": N_("Refuse"),
    "decide_title": N_("Decide the contest"),
    "uphold": N_("Uphold: the listing was wrong and is removed"),
    "reject": N_("Reject: the listing stays"),
    "own_hands": N_("Nobody approves or decides what they listed; a second person looks at it."),
    "person_says": N_("What the person says"),
    "opened": N_("Opened"),
    "answer": N_("Answer"),
    "send": N_("Send"),
    "receipt": N_("Receipt"),
    "receipt_days": N_("An answer comes within so many days:"),
    "contest_title": N_("Is something reported about you?"),
    "contest_intro": N_(
        "Enter the one-time code of the notice that you got. You will see what is reported, and can "
        "say why it is wrong. It costs nothing."
    ),
    "contest_open": N_("Go on"),
    "contest_code_link": N_("Check whether a code is ours"),
    "contest_unknown": N_(
        "We do not know this code. Compare it with the notice; if it is the same, the notice is not "
        "ours."
    ),
    "fraud_warning": N_(
        "The centre never asks for money, a password or an app to be installed. A help desk that "
        "offers to clear your name for a fee is a fraud: end the call, and call the centre by a number "
        "that you know from elsewhere."
    ),
    "reported_title": N_("Reported, not proven"),
    "reported_by": N_("It was reported by"),
    "reported_what": N_("What is reported"),
    "reported_since": N_("Banks and others see it since"),
    "reported_hidden": N_("At present nobody is told of it."),
    "reported_ended": N_("It is listed no more, since"),
    "reported_due": N_("If you contest it now, you get an answer by"),
    "contested": N_("You have contested it on"),
    "contested_due": N_("The answer is due by"),
    "contested_overdue": N_(
        "The deadline has passed. We are sorry; the answer is still owed to you."
    ),
    "outcome": N_("The answer"),
    "contest_write": N_("Say why it is wrong"),
    "contest_more": N_("Add something to your contest"),
    "contest_sent": N_("We have what you wrote"),
    "contest_sent_help": N_(
        "Keep the number of the receipt. With the same code you can look here again."
    ),
    "code_title": N_("Is this code ours?"),
    "code_intro": N_(
        "Somebody called or wrote about a listing? Enter the code that they named. We tell whether "
        "it is ours, and the four digits that only our people can say."
    ),
    "code_check": N_("Check the code"),
    "code_ours": N_("This code is ours. The countersign is"),
    "code_compare": N_(
        "It stands on the notice, and whoever calls for the centre can say it. If it is another one, "
        "or they cannot, end the call. Tell nobody the code of your notice: who has it finds these "
        "digits here as well."
    ),
    "code_not_ours": N_(
        "This code is not ours. If somebody gave it to you as ours, do not pay, install or tell them "
        "anything, and call the centre by a number that you know from elsewhere."
    ),
    "check_title": N_("Is it reported?"),
    "check_text": N_("Phone number, account number, link, or name on a platform (line:@example)"),
    "check_bank": N_("Bank, if it is an account number"),
    "check_no_bank": N_("It is no account number"),
    "check": N_("Check"),
    "check_private": N_(
        "Your browser asks so that we do not learn what you ask about: it names a group that "
        "thousands share, and finds the answer by itself."
    ),
    "check_seen": N_(
        "Your browser runs no script here, so this form sends what you write to the centre. The "
        "centre sees it while it answers, and keeps nothing of it. The program holdfast check-number "
        "asks without telling anybody."
    ),
    "check_read_as": N_("Read as"),
    "check_reported": REPORTED,
    "check_disputed": DISPUTED,
    "check_not_reported": NOT_REPORTED,
    "check_asking": N_("Asking…"),
    "check_unreadable": N_(
        "This cannot be read as a phone number, account, link or name on a platform. Write it like "
        "081-234-5678, TH.THCBC.004.0123456789, https://example.com or line:@example."
    ),
    "check_too_often": N_("Too many questions come from your address; ask again in a minute."),
    "check_failed": N_("No answer that can be believed came. Nothing was told; try again later."),
    "check_contest": N_("Something is reported about you? Here you are heard."),
}
