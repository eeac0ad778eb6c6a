package message

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words that introduce what somebody wrote before, in the languages of the mail programs in use.
var wroteWords = wordSet("wrote writes written schrieb schreibt geschrieben escribió escribio escribe écrit ecrit scritto scrive scrisse escreveu schreef schreven napisał napisała napisała pisze skrev skreiv kirjoitti написал написала пишет писал писала написав пише napsal napsala napísal napísala írta yazdı έγραψε έγραψαν scris kirjutas rašė parašė rakstīja napisao napisala написао написа menulis כתב כתבה كتب skrifaði escriure viết")

// The same in languages without blanks between words.
var wroteParts = []string{"写道", "寫道", "写入", "のメール", "書きました", "작성"}

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// saysWrote says whether a line holds a word for "wrote".
func saysWrote(s string) bool {
	start := -1
	for i, r := range s {
		if r >= utf8.RuneSelf && unicode.IsLetter(r) || r|0x20 >= 'a' && r|0x20 <= 'z' {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && wroteWords[strings.ToLower(s[start:i])] {
			return true
		}
		start = -1
	}
	if start >= 0 && wroteWords[strings.ToLower(s[start:])] {
		return true
	}
	for _, w := range wroteParts {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

var (
	// How such a line begins: a preposition, a week day, a date or time.
	introPattern = regexp.MustCompile(`(?i)^[\s*_-]*(?:on|at|am|le|el|il|em|op|den|på|dne|dňa|w dniu|dnia|na|kl|vào|tarihinde|am:|в|у|у пн|у вт|în data|a|on:|quoting|le:|le\s|in data|op:|dana|dne:|pada|στις|el:)?[\s,:]*(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié|jue|vie|sáb|dom|gio|seg|ter|qua|qui|sex|ma|wo|vr|za|zo|maa|ti|ke|to|pe|la|su|tir|ons|tor|fre|lør|søn|lör|sön|mån|tis|pon|wt|śr|czw|pt|sob|niedz|пн|вт|ср|чт|пт|сб|вс|нд)[\p{L}]{0,9}\.?|[\p{L}]{3,12}\.? \d{1,2}|\d)`)
	// A day with its year, or a time of day.
	dayPattern  = regexp.MustCompile(`(?:^|\D)(?:19|20)\d{2}(?:\D|$)|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b`)
	timePattern = regexp.MustCompile(`\b\d{1,2}[:.h]\d{2}\b`)
	// An address, in angle brackets or not.
	mailPattern = regexp.MustCompile(`[^\s<>]+@[^\s<>]+\.[^\s<>]+|<[^<>\s]+@[^<>\s]*>?|<?mailto:`)
	// A separator before a quoted or forwarded mail.
	originalPattern = regexp.MustCompile(`(?i)^[\s>*_]*(?:-{2,}|_{5,}|\*{3,}|={3,}|—{2,}|#{3,})?[\s*]*(?:original (?:message|e-?mail|appointment|nachricht)|ursprüngliche (?:nachricht|mail|e-mail)|originalnachricht|original-nachricht|ursprungliche nachricht|message d['’]origine|message original|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|originalmeddelande|ursprungligt meddelande|oprindelig meddelelse|opprinnelig melding|opprinnelig e-post|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|pôvodná správa|eredeti üzenet|исходное сообщение|пересылаемое сообщение|оригинальное сообщение|özgün ileti|orijinal mesaj|mesaj original|αρχικό μήνυμα|原始邮件|原始郵件|原邮件|元のメッセージ|원본 메시지|previous (?:replies|messages|message|discussion)|vorherige (?:antworten|nachrichten)|(?:réponses|messages) précédent(?:e)?s)[\s*:]*(?:-{2,}|_{5,}|\*{3,}|={3,}|—{2,})?[\s*]*$`)
	forwardPattern  = regexp.MustCompile(`(?i)^[\s>*_]*(?:-{2,}|_{5,}|\*{3,}|={3,})?[\s*]*(?:forwarded (?:message|by .{0,60})|begin forwarded message|start of forwarded message|weitergeleitete nachricht|weitergeleitete e-mail|anfang der weitergeleiteten (?:nachricht|e-mail)|message transféré|message transmis|début du message (?:réexpédié|transféré)|mensaje reenviado|inicio del mensaje reenviado|messaggio inoltrato|inizio messaggio inoltrato|mensagem (?:encaminhada|reenviada)|início da mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht|begin doorgestuurd bericht|vidarebefordrat (?:meddelande|brev)|videresendt (?:melding|meddelelse)|przekazana wiadomość|wiadomość przekazana|přeposlaná zpráva|továbbított üzenet|пересланное сообщение|переслане повідомлення|начало переадресованного сообщения|yönlendirilen ileti|转发的邮件|轉寄的郵件|転送されたメッセージ|전달된 메시지|välitetty viesti)[\s*:：]*(?:-{2,}|_{5,}|\*{3,}|={3,})?[\s*]*$`)
	// "Reply above this line", as trackers write it, ours too.
	abovePattern = regexp.MustCompile(`(?i)(?:(?:reply|write|respond|type (?:your )?(?:reply|response)|answer)[\p{L} ,-]{0,40}(?:above|over) this (?:line|text|message)|(?:above this line) (?:to|when)|(?:antwort|antworten|schreiben)[\p{L} ,-]{0,40}(?:oberhalb|über) (?:dieser|dieser trenn|der) ?(?:linie|zeile|trennlinie)|(?:oberhalb|über) dieser (?:linie|zeile)[\p{L} ,-]{0,30}(?:antwort|schreiben)|(?:répond|écri)[\p{L} ,'’-]{0,40}au[- ]dessus de cette ligne|(?:respond|escrib|conteste)[\p{L} ,-]{0,40}(?:encima|arriba) de esta línea|(?:rispond|scriv)[\p{L} ,-]{0,40}sopra (?:questa|la) (?:linea|riga)|(?:antwoord|schrijf|reageer)[\p{L} ,-]{0,40}boven deze (?:lijn|regel)|responda acima desta linha)`)
	underPattern = regexp.MustCompile(`(?i)(?:(?:reply|write|respond|type (?:your )?(?:reply|response)|answer)[\p{L} ,-]{0,40}(?:under|below|beneath) this (?:line|text)|(?:antwort|schreib)[\p{L} ,-]{0,40}unter(?:halb)? (?:dieser|der) ?(?:linie|zeile))`)
	// What phones and mail programs put under a mail.
	mobilePattern = regexp.MustCompile(`(?i)^[\s*_>\x{200b}-]*(?:(?:sent|written|posted|typed) (?:from|via|with|on|by|using) (?:my |a |the )?\S|sent from\b|get outlook for|download outlook for|von meinem .{2,40} gesendet|gesendet (?:von|mit|über|aus)(?: \S|$)|diese (?:nachricht|e-mail|mail) wurde (?:von|mit) .{2,60} gesendet|von (?:unterwegs|mobil(?:gerät)?) gesendet|von outlook für (?:ios|android)|holen sie sich outlook|laden sie outlook|outlook für (?:ios|android)|envoyé (?:depuis|de|à partir d|avec|via)|envoyé par|télécharge[rz]? outlook|obtenez outlook|enviado (?:desde|do|de|a partir|con|pelo)|obtener outlook|obter o outlook|inviato (?:da|dal|con)|ottieni outlook|scarica outlook|verzonden (?:vanaf|met|via|van)|verstuurd (?:vanaf|met|via|van)|skickat från|sendt fra|lähetetty|wysłan[eoy] (?:z|ze|przez)|odesláno z|odoslané z|отправлено (?:с|из)|надіслано (?:з|із)|iphone'?ımdan gönderildi|.{0,20}(?:dan|den) gönderildi|发自我的|從我的 .{1,20}傳送|从我的.{1,20}发送|.{1,20}から送信|나의 .{1,20}에서 보냄|elküldve|trimis de pe|στάλθηκε από|sendt med|poslano z|yahoo mail:|yandex\.mail for mobile)`)
	// A line of nothing but the strokes that separate.
	rulePattern = regexp.MustCompile(`^[\s>]*(?:[-_=*~#+•—–ᐧ·.]\s*){1,200}$`)
	// An attribution behind other words of a line.
	inlineIntro = regexp.MustCompile(`(?i)\S\s+(?:-+\s*)?((?:on|am|le|el|il|em|op|den) (?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)[\p{L}]{0,9}[.,]|\d{1,2}[-./ ]|[a-z]{3} \d{1,2}).{5,300})$`)
)

// The labels of the block of header fields that Outlook and others put over a quoted mail: what each one is.
var quoteLabels = func() map[string]byte {
	m := map[string]byte{}
	for _, row := range labelTable {
		for w := range strings.FieldsSeq(row.words) {
			m[strings.TrimSuffix(w, ":")] = row.kind
		}
	}
	return m
}()

// labelTable holds the labels by kind: from, date, to, subject. A blank inside a label is written "_".
var labelTable = [...]struct {
	kind  byte
	words string
}{
	{'f', "from von de da van fra från od kimden от від od: 发件人 發件人 寄件者 差出人 送信者 보낸_사람 보낸사람 mittente lähettäjä feladó expéditeur expediteur remitente absender gönderen από de_la afzender expedidor pošiljatelj avsändare avsender afsender nadawca från: dari kepada_dari nuo saatja no pengirim"},
	{'d', "sent date gesendet datum envoyé envoye enviado inviato data verzonden sendt skickat wysłano gönderme gönderilme_tarihi gönderildi tarih отправлено дата надіслано lähetetty päivämäärä päiväys 发送时间 傳送時間 日期 送信日時 日付 日時 보낸_날짜 날짜 fecha enviado_el enviada_em enviada envoyé_le gesendet_am sent_on date_sent elküldve dátum odesláno odoslané kdy datums ngày στάλθηκε ημερομηνία dato trimis poslano date_de_l'envoi"},
	{'t', "to an à a para aan til till do kime kimlere кому 收件人 宛先 받는_사람 받는사람 vastaanottaja destinatario destinataire destinatário címzett komu pour per προς către za cc kopie kopia copie copia ccn kopio копия 抄送 副本 참조 kopi reply-to antwort_an répondre_à antwort_an: bcc an: către:"},
	{'s', "subject betreff objet asunto oggetto assunto onderwerp emne ämne temat konu тема 主题 主旨 件名 제목 aihe tárgy předmět predmet θέμα subiect naslov subjekt sujet re:"},
}

// labelOf returns the kind of label that a line begins with, 0 when it is none: "*Von:* ...", "Sent : ...".
func labelOf(line string) byte {
	i := strings.IndexByte(cut(line, 48), ':')
	if i < 0 {
		if i = strings.Index(cut(line, 48), "："); i < 0 {
			return 0
		}
	}
	word := strings.Trim(line[:i], " \t*_>|\u00a0")
	if word == "" || len(word) > 40 {
		return 0
	}
	return quoteLabels[strings.ReplaceAll(strings.ToLower(word), " ", "_")]
}
