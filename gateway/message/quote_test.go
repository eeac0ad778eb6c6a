package message

import (
	"strings"
	"testing"
)

// Replies as the clients in use write them; the new words are "Das klappt jetzt." or their translation.
func TestSplitTellsNewWordsFromOldOnes(t *testing.T) {
	tests := []struct{ name, text, reply string }{
		{"Outlook desktop, German", "Das klappt jetzt.\n\nGruß\nAnna\n\nVon: Support <support@example.com>\nGesendet: Montag, 2. November 2026 10:00\nAn: Anna Schmidt <anna@example.org>\nBetreff: AW: [#12] Drucker\n\nBitte neu starten.\n", "Das klappt jetzt.\n\nGruß\nAnna"},
		{"Outlook desktop with a rule", "Das klappt jetzt.\n\n________________________________\nVon: Support <support@example.com>\nGesendet: Montag, 2. November 2026 10:00\nAn: Anna Schmidt\nBetreff: Drucker\n\nalt\n", "Das klappt jetzt."},
		{"Outlook, old form", "Das klappt jetzt.\n\n-----Ursprüngliche Nachricht-----\nVon: Support [mailto:support@example.com]\nGesendet: Montag, 2. November 2026 10:00\nAn: Anna\nBetreff: Drucker\n\nalt", "Das klappt jetzt."},
		{"Outlook, English", "It works now.\n\nFrom: Support <support@example.com>\nSent: Monday, November 2, 2026 10:00 AM\nTo: Anna\nCc: Bob\nSubject: RE: printer\n\nold", "It works now."},
		{"Outlook, French", "Ça marche.\n\nDe : Support <support@example.com>\nEnvoyé : lundi 2 novembre 2026 10:00\nÀ : Anna\nObjet : RE: imprimante\n\nvieux", "Ça marche."},
		{"Outlook, Spanish", "Ya funciona.\n\nDe: Support <support@example.com>\nEnviado el: lunes, 2 de noviembre de 2026 10:00\nPara: Anna\nAsunto: RE: impresora\n\nviejo", "Ya funciona."},
		{"Outlook, Italian", "Ora funziona.\n\nDa: Support <support@example.com>\nInviato: lunedì 2 novembre 2026 10:00\nA: Anna\nOggetto: R: stampante\n\nvecchio", "Ora funziona."},
		{"Outlook, Dutch", "Het werkt.\n\nVan: Support <support@example.com>\nVerzonden: maandag 2 november 2026 10:00\nAan: Anna\nOnderwerp: RE: printer\n\noud", "Het werkt."},
		{"Outlook, Polish", "Już działa.\n\nOd: Support <support@example.com>\nWysłano: poniedziałek, 2 listopada 2026 10:00\nDo: Anna\nTemat: RE: drukarka\n\nstare", "Już działa."},
		{"Outlook in bold", "It works now.\n\n*From:* Support <support@example.com>\n*Sent:* Monday, November 2, 2026 10:00 AM\n*To:* Anna\n*Subject:* printer\n\nold", "It works now."},
		{"Outlook for a phone", "Das klappt jetzt.\n\nOutlook für iOS<https://aka.ms/o0ukef> herunterladen\n________________________________\nVon: Support <support@example.com>\nGesendet: Montag, November 2, 2026 10:00:00 AM\nAn: Anna\nBetreff: Drucker\n\nalt", "Das klappt jetzt."},
		{"Gmail, German", "Das klappt jetzt.\n\nAm Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Support <\nsupport@example.com>:\n\n> Bitte neu starten.\n> Danke\n", "Das klappt jetzt."},
		{"Gmail, English", "It works now.\n\nOn Mon, Nov 2, 2026 at 10:00 AM Support <support@example.com> wrote:\n\n> old\n", "It works now."},
		{"Gmail, French", "Ça marche.\n\nLe lun. 2 nov. 2026 à 10:00, Support <support@example.com> a écrit :\n\n> vieux\n", "Ça marche."},
		{"Gmail, Portuguese", "Já funciona.\n\nEm seg., 2 de nov. de 2026 às 10:00, Support <support@example.com>\nescreveu:\n\n> velho\n", "Já funciona."},
		{"Gmail, Swedish", "Nu fungerar det.\n\nDen mån 2 nov. 2026 kl 10:00 skrev Support <support@example.com>:\n\n> gammalt\n", "Nu fungerar det."},
		{"Gmail, Russian", "Теперь работает.\n\nпн, 2 нояб. 2026 г. в 10:00, Support <support@example.com>:\n\n> старое\n", "Теперь работает."},
		{"Gmail, Czech", "Už to funguje.\n\npo 2. 11. 2026 v 10:00 odesílatel Support <support@example.com> napsal:\n\n> staré\n", "Už to funguje."},
		{"Gmail, Turkish", "Şimdi çalışıyor.\n\nSupport <support@example.com>, 2 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:\n\n> eski\n", "Şimdi çalışıyor."},
		{"Gmail, Japanese", "動きました。\n\n2026年11月2日(月) 10:00 Support <support@example.com>:\n\n> 古い\n", "動きました。"},
		{"Thunderbird, German", "Das klappt jetzt.\n\nAm 02.11.26 um 10:00 schrieb Support:\n> Bitte neu starten.\n>\n> Danke\n\n", "Das klappt jetzt."},
		{"Thunderbird, English", "It works now.\n\nOn 02/11/2026 10:00, Support wrote:\n> old\n", "It works now."},
		{"Apple Mail, German", "Das klappt jetzt.\n\n> Am 02.11.2026 um 10:00 schrieb Support <support@example.com>:\n> \n> alt\n", "Das klappt jetzt."},
		{"Apple Mail, without marks", "It works now.\n\nOn 2 Nov 2026, at 10:00, Support <support@example.com> wrote:\n\nold words\nmore of them\n", "It works now."},
		{"GMX and WEB.DE", "Das klappt jetzt.\n\nGesendet: Montag, 02. November 2026 um 10:00 Uhr\nVon: \"Support\" <support@example.com>\nAn: anna@example.org\nBetreff: Drucker\nalt\n", "Das klappt jetzt."},
		{"phone, German", "Das klappt jetzt.\n\nVon meinem iPhone gesendet\n\n> Am 02.11.2026 um 10:00 schrieb Support <support@example.com>:\n> \n> alt\n", "Das klappt jetzt."},
		{"phone, English", "It works now.\n\nSent from my Galaxy\n\n-------- Original message --------\nFrom: Support <support@example.com>\nDate: 11/2/26 10:00 (GMT+01:00)\nTo: Anna\nSubject: printer\n\nold", "It works now."},
		{"forward with words above", "Bitte ansehen.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@example.org>\nDate: Mon, Nov 2, 2026 at 10:00\nSubject: broken\nTo: <anna@example.org>\n\nIt is broken.", "Bitte ansehen."},
		{"our line above", "Das klappt jetzt.\n\n-- Bitte antworten Sie oberhalb dieser Linie --\n\nalt\n", "Das klappt jetzt."},
		{"signature", "Das klappt jetzt.\n\n-- \nAnna Schmidt\nMusterfirma\n", "Das klappt jetzt."},
		{"what a mailing list adds", "It works now.\n\n_______________________________________________\nprinters mailing list\nprinters@lists.example.org\nhttps://lists.example.org/listinfo/printers\n", "It works now."},
		{"quotation above the answer", "On Mon, Nov 2, 2026 at 10:00, Support <support@example.com> wrote:\n> Does it work?\n\nYes, it does.\n", "Yes, it does."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply, quoted, _ := Split(tt.text)
			if reply != tt.reply {
				t.Errorf("reply = %q, want %q (quoted %q)", reply, tt.reply, quoted)
			}
		})
	}
}

// Attributions of mail programs by language; the quotation is marked or not.
func TestAttributionsAreKnownInManyLanguages(t *testing.T) {
	const who = "Support <support@example.com>"
	tests := map[string]string{
		"Arabic":       "في الاثنين، 2 نوفمبر 2026 في 10:00 ص تمت كتابة ما يلي بواسطة " + who + ":",
		"Bulgarian":    "На пн, 2.11.2026 г. в 10:00 " + who + " написа:",
		"Catalan":      "Missatge de " + who + " del dia dl., 2 de nov. 2026 a les 10:00:",
		"Chinese":      who + " 于2026年11月2日周一 10:00写道：",
		"Croatian":     "pon, 2. stu 2026. u 10:00 " + who + " napisao je:",
		"Danish":       "Den man. 2. nov. 2026 kl. 10.00 skrev " + who + ":",
		"Dutch":        "Op ma 2 nov 2026 om 10:00 schreef " + who + ":",
		"Estonian":     who + " kirjutas kuupäeval E, 2. november 2026 kell 10:00:",
		"Finnish":      "ma 2. marrask. 2026 klo 10.00 Support (support@example.com) kirjoitti:",
		"Greek":        "Στις Δευ 2 Νοε 2026 στις 10:00 π.μ., ο χρήστης " + who + " έγραψε:",
		"Hebrew":       "בתאריך יום ב׳, 2 בנוב׳ 2026 ב-10:00 מאת " + who + ":",
		"Hungarian":    who + " ezt írta (időpont: 2026. nov. 2., H, 10:00):",
		"Indonesian":   "Pada Sen, 2 Nov 2026 10:00, " + who + " menulis:",
		"Italian":      "Il giorno lun 2 nov 2026 alle ore 10:00 " + who + " ha scritto:",
		"Korean":       "2026년 11월 2일 (월) 오전 10:00, " + who + "님이 작성:",
		"Norwegian":    "man. 2. nov. 2026 kl. 10:00 skrev " + who + ":",
		"Polish":       "pon., 2 lis 2026 o 10:00 " + who + " napisał(a):",
		"Romanian":     "În lun., 2 nov. 2026 la 10:00, " + who + " a scris:",
		"Slovak":       "po 2. 11. 2026 o 10:00 " + who + " napísal(a):",
		"Spanish":      "El lun, 2 nov 2026 a las 10:00, Support (<support@example.com>) escribió:",
		"Thai":         "เมื่อ จ. 2 พ.ย. 2026 เวลา 10:00 " + who + " เขียนว่า:",
		"Ukrainian":    "пн, 2 лист. 2026 р. о 10:00 " + who + " пише:",
		"Vietnamese":   "Vào Th 2, 2 thg 11, 2026 vào lúc 10:00 " + who + " đã viết:",
		"two lines":    "Am Montag, den 02.11.2026, 10:00 +0100 schrieb Support\n<support@example.com>:",
		"Outlook, iOS": "On Mon, Nov 2, 2026 at 10:00 AM +0100, \"Support\" <support@example.com> wrote:",
		"Yahoo":        "Support <support@example.com> schrieb am Mo, 2.11.2026:",
	}
	for name, intro := range tests {
		for form, old := range map[string]string{"marked": "> old words\n> more of them", "not marked": "old words\nmore of them"} {
			t.Run(name+", "+form, func(t *testing.T) {
				reply, quoted, _ := Split("The new words.\n\n" + intro + "\n\n" + old + "\n")
				if reply != "The new words." {
					t.Errorf("reply = %q, want the new words alone (quoted %q)", reply, quoted)
				}
			})
		}
	}
}

func TestSplitKeepsWhatIsInDoubt(t *testing.T) {
	tests := map[string]string{
		"plain text":                       "Guten Tag,\n\nder Drucker geht nicht.\n\nGruß\nAnna",
		"answers between quoted lines":     "On Mon, Nov 2, 2026, Support wrote:\n> Does it work?\nYes.\n> Since when?\nSince Monday.",
		"a forward without words":          "---------- Forwarded message ---------\nFrom: Bob <bob@example.org>\nDate: Mon, Nov 2, 2026\nSubject: broken\nTo: <anna@example.org>\n\nIt is broken.",
		"quoted lines alone":               "> Only this.",
		"a sentence with wrote and colon":  "My colleague Bob wrote:\nthe printer is broken, and I agree.\nPlease help.",
		"a list with labels":               "Please change these:\n\nFrom: Hamburg\nUntil: Berlin\nPrice: 20\n\nThanks",
		"rules between paragraphs":         "First part.\n\n----\n\nSecond part.\n\n====\n\nThird part, which ends the mail.",
		"a log with dates and colons":      "2026-11-02 10:00:01 start:\n2026-11-02 10:00:02 failed: no paper\nWhat does it mean?",
		"a sentence about above this line": "I had to write above this line, which is odd and long enough not to be taken for the line of a tracker.",
		"a signature alone":                "-- \nAnna",
		"a sentence about a mail":          "At 10:00 I sent a mail to <bob@example.com> and got this:\n\nno such user\n\nWhat shall I do?",
		"a sentence with a date":           "On 2 November 2026 I sent you this message:\n\nthe printer is broken",
		"what a customer wrote":            "On 2026-11-02 the customer wrote:\n\nthe printer is broken\n\nPlease take care of it.",
		"lines of a log":                   "This stands in the log:\n\n2026-11-02 10:00:01 mail from <a@example.org> refused:\n2026-11-02 10:00:02 next try\n\nPlease help.",
		"the form of a web page":           "Name: Anna\nEmail: anna@example.org\nDate: 2026-11-02\nSubject: printer\n\nIt is broken.",
		"a German sentence":                "Am 02.11.2026 um 10:00 schrieb ich Ihnen:\n\nDer Drucker geht nicht.\n\nGeht er jetzt?",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			reply, quoted, signature := Split(text)
			if reply != text || quoted != "" || signature != "" {
				t.Errorf("Split = %q, %q, %q, want everything as the reply", reply, quoted, signature)
			}
		})
	}
}

func TestSplitLosesNothing(t *testing.T) {
	text := "Neu.\n\n-- \nAnna\n\nAm 02.11.26 um 10:00 schrieb Support:\n> alt 1\n> alt 2\n"
	reply, quoted, signature := Split(text)
	all := reply + "\n" + signature + "\n" + quoted
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); !strings.Contains(all, line) {
			t.Errorf("line %q is lost", line)
		}
	}
}
