package message

import (
	"regexp"
	"strings"
)

// Who sends bounces: the local part or the name of the sender.
var daemonPattern = regexp.MustCompile(`(?i)mailer[-_ ]?daemon|postmaster|mail[- ]delivery|delivery (?:sub)?system|^mailerdaemon|mail (?:system|administrator|router)|content-filter|^(?:mdaemon|bounces?|amavis)\b|system administrator|systemadministrator|undeliverable`)

// isDaemon is daemonPattern behind a quick look: one of the words stands in everything that it matches.
func isDaemon(s string) bool {
	return containsAny(strings.ToLower(s), "mail", "master", "deliver", "filter", "bounce", "amavis", "daemon", "system") && daemonPattern.MatchString(s)
}

// Subjects of bounces in the languages that mail servers write.
var bounceSubject = regexp.MustCompile(`(?i)undeliver|(?:could|can) ?not be delivered|returned mail|mail(?:er)?[ :]*(?:delivery )?(?:fail|error|system error)|failure notice|delivery (?:status|fail|has failed|error|problem|notification: delivery has failed|report)|delivery has failed|failed (?:mail|delivery)|non[- ]?delivery|warning: (?:could not send|message .* delayed)|delivery unsuccessful|message (?:delivery|status) .*fail|returned to sender|nicht zustellbar|unzustellbar|zustellung (?:fehlgeschlagen|nicht)|unzustellbarkeit|remise (?:impossible|échou)|non (?:remis|distribu)|échec de (?:la )?remise|no se (?:puede|pudo) entregar|mensagem não entregue|mancato recapito|недоставлен|не доставлено|メールエラー|配信(?:不能|エラー|できません)|退信|notice: mail delivery status|blocked by our bulk email filter|mail not delivered|unknown recipient`)

// What a server says about a mail that it could not deliver.
var bounceWords = regexp.MustCompile(`(?i)(?:could|can|was|were|did|has|have)(?:n't| ?not)(?: be(?:en)?)? (?:deliver|reach|sent)|unable to deliver|wasn't able to deliver|delivery (?:to the following|.{0,40} failed|has failed)|undeliver(?:able|ed)|permanent (?:fatal )?(?:error|failure)|returned (?:permanent error|mail)|recipient.{0,40}(?:reject|unknown|not recogni[sz]ed|fail|invalid|not exist|denied)|address(?:es|\(es\))? failed|following address|had (?:permanent )?delivery errors|no such (?:user|recipient|mailbox)|user (?:is )?unknown|unknown (?:user|recipient|address)|host unknown|mailbox (?:is )?(?:full|unavailable|not found)|over quota|invalid (?:address|recipient)|does(?:n't| not) have a .{0,60}account|failed to send|non-deliverable|trouble delivering|message .{0,40}rejected|no valid recipients|transcript of session|unsent message|failure reason|rejected by|may not exist|(?:could|can) ?not (?:send|be sent)|not delivered|delivery failure|(?:recipient|mailbox|user|account|address).{0,40}(?:does(?:n't| not) exist|not found|disabled|inactive|expired|exceeded)|quota exceeded|exceeded.{0,30}quota|message (?:was )?(?:undelivered|returned)|has been returned|disabled or discontinued|nicht zugestellt|unzustellbar|konnte nicht|n'a pas pu être|送信できません|配信できません|エラー|не может\s+быть (?:отправлено|доставлено)|недоставлен`)

// Where the copy of the original mail begins in a notice.
var originalCopy = regexp.MustCompile(`(?i)^[-=* >|]*(?:.{0,30}(?:copy of (?:the|your) (?:original )?(?:message|mail)|original (?:message|mail) (?:follows|header|headers|is)|(?:unsent|returned|original) message\b|message (?:header|headers) follow|header(?:s)? of the original|message text follows|returned mail follows|undelivered message))|^(?:received|return-path|message-id|x-[a-z-]+): ?\S`)

var addressPattern = regexp.MustCompile(`[^\s<>()\[\]:;,"'|=]+@[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`)

const maxNotice = 16 << 10 // Octets of a notice that are looked at.

// bounceInWords recognises a delivery report by its sender, its subject and its words, and finds the recipients in it.
// Two of the three must agree; a null return path counts as the sender.
func (p *parser) bounceInWords(h *header) (rs []BounceRecipient, certain bool) {
	m := p.m
	sender, name := "", ""
	if len(m.From) > 0 {
		sender, name = m.From[0].Address, m.From[0].Name
	}
	local, _, _ := strings.Cut(sender, "@")
	failed := h.has("x-failed-recipients")
	daemon := failed || isDaemon(local) || isDaemon(name)
	null := m.ReturnPath != nil && (*m.ReturnPath == "" || isDaemon(*m.ReturnPath))
	if !daemon && !null && !strings.Contains(strings.ToLower(local), "reply") && !strings.Contains(strings.ToLower(local), "master") {
		return nil, false
	}
	subject := bounceSubject.MatchString(cut(m.Subject, 500))
	if !subject && !failed && (autoReplySubject(m.Subject) || h.has("in-reply-to") && !daemon) {
		return nil, false
	}
	text := cut(m.Text, maxNotice)
	notice := text[:noticeEnd(text)]
	words := bounceWords.MatchString(notice)
	copied := len(notice) < len(text) || p.part.original != nil // The mail that came back is there.
	switch {
	case failed:
	case daemon && (subject || words):
	case null && words && (subject || copied):
	case subject && words && copied:
	default:
		return nil, false
	}
	rs = p.recipientsInWords(h, notice, false)
	if len(rs) == 0 {
		rs = p.recipientsInWords(h, notice, true)
	}
	return rs, true
}

// noticeEnd returns where the copy of the original mail begins in a notice.
func noticeEnd(text string) int {
	at := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		if at > 0 && len(line) < 200 && originalCopy.MatchString(strings.TrimRight(line, "\r\n")) {
			return at
		}
		at += len(line)
	}
	return at
}

// recipientsInWords finds the addresses that failed in a notice, each with the status code that follows it. The
// addresses of the notice itself count only when ourselves is set.
func (p *parser) recipientsInWords(h *header, notice string, ourselves bool) []BounceRecipient {
	var out []BounceRecipient
	seen := map[string]int{}
	own := map[string]bool{}
	for _, list := range [][]Address{p.m.To, p.m.From} {
		for _, a := range list {
			own[strings.ToLower(a.Address)] = true
		}
	}
	if p.part.original != nil {
		for _, a := range p.parseAddresses(p.part.original.get("from"), "", 5) {
			own[strings.ToLower(a.Address)] = true
		}
	}
	add := func(a string) int {
		a = strings.TrimRight(strings.TrimPrefix(a, "mailto:"), ".-")
		key := strings.ToLower(a)
		if i, ok := seen[key]; ok {
			return i
		}
		if own[key] && !ourselves || len(out) > maxRecipients || len(a) > 320 {
			return -1
		}
		seen[key] = len(out)
		out = append(out, BounceRecipient{Address: a, Action: "failed"})
		return len(out) - 1
	}
	for _, v := range h.all("x-failed-recipients") {
		for _, a := range p.parseAddresses(v, "", maxRecipients+1) {
			if strings.Contains(a.Address, "@") {
				add(a.Address)
			}
		}
	}
	listed := len(out) > 0
	current := -1
	general := ""
	for _, line := range strings.Split(notice, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "from ") || strings.Contains(line, "http") || mentionsSender(line) {
			continue
		}
		for _, a := range addressPattern.FindAllString(cut(line, 2000), 20) {
			if i, ok := seen[strings.ToLower(strings.TrimRight(a, ".-"))]; ok {
				current = i
			} else if !listed {
				if i := add(a); i >= 0 {
					current = i
				}
			}
		}
		status := firstStatus(cut(line, 2000))
		switch {
		case status == "":
		case current < 0:
			general = status
		case out[current].Status == "":
			out[current].Status = status
		}
	}
	for i := range out {
		if out[i].Status == "" {
			out[i].Status = general
		}
		if out[i].Status != "" {
			out[i].Action = actionOf(out[i].Status)
		}
	}
	return out
}

// mentionsSender says whether a line of a notice is about the sender or about whom to ask, not about a recipient.
func mentionsSender(line string) bool {
	low := strings.ToLower(cut(line, 300))
	for _, w := range []string{"from:", "sender", "postmaster", "contact ", "message-id", "received from", "reply-to"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// Subjects of automatic replies, at their beginning, in the languages that mailers write.
var autoReplyPattern = regexp.MustCompile(`(?i)^\s*(?:(?:re|aw|antw|sv|tr|fw|fwd|wg)\s*:\s*)?(?:(?:auto(?:matic|mated)?|automatische?|automatisk|automatisch)[- ]?(?:reply|repl(?:y|ies)|response|antwort|svar|antwoord|respond\w*|rückantwort|notification)|autoreply|auto:|automatisiert|out of (?:the )?office|out-of-office|ooo\b|abwesenheits?(?:notiz|benachrichtigung|nachricht|meldung|assistent)?|ich bin (?:nicht im büro|abwesend|im urlaub)|(?:afwezig|afwezigheid)|réponse automatique|reponse automatique|absence du bureau|message d'absence|respuesta automática|respuesta automatica|fuera de (?:la )?oficina|resposta automática|ausência temporária|risposta automatica|fuori (?:sede|ufficio)|автоответ|автоматический ответ|自動(?:応答|返信)|自动(?:回复|答复)|automatyczna odpowiedź|odpowiedź automatyczna|automatická odpověď|automaattinen vastaus|frånvaro|autosvar|vacation (?:reply|response|message)|away from (?:my )?(?:mail|office|desk))|\bauto-?reply\s*:`)

// A quick look before the long pattern: one of these stands in every subject that it matches.
var autoReplyHints = []string{"auto", "office", "ooo", "abwesen", "ich bin ", "afwezig", "absen", "ausência", "fuori", "fuera", "авто", "自動", "自动", "odpowied", "odpověď", "frånvaro", "vacation", "away from"}

func autoReplySubject(s string) bool {
	s = cut(s, 300)
	return containsAny(strings.ToLower(s), autoReplyHints...) && autoReplyPattern.MatchString(s)
}
