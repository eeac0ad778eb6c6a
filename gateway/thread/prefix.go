package thread

import "strings"

// isPrefix tells whether a mailer puts word before the subject of an answer or of a forwarded mail. Words that people
// also begin a subject with ("Ref", "Info", "Na") are left out: a prefix too many in a title does no harm, a word too
// few does.
func isPrefix(word string) bool {
	if word == "" {
		return false
	}
	switch strings.ToUpper(word) {
	case "RE", "FW", "FWD", // English, and what most mailers write whatever their language.
		"AW", "WG", // German.
		"ANTW", "ANTWORT", "DOORST", // Dutch; the second is German again.
		"SV", "VB", "VS", "VL", // Swedish, Danish, Norwegian, Finnish.
		"RÉP", "TR", // French.
		"RES", "ENC", // Portuguese.
		"RV", "REENV", // Spanish.
		"R", "RIF", "I", "INOLTRO", // Italian.
		"ODP", "PD", // Polish.
		"VÁ", "TOVÁBBÍTÁS", // Hungarian.
		"YNT", "İLT", "ILT", // Turkish.
		"ATB", "BLS", "TRS", // Latvian and Welsh, Indonesian.
		"VAST", "EDASI", // Estonian.
		"ODG", "PROSL", // Croatian and Bosnian.
		"ОТВ", "ОТВЕТ", "ПЕРЕСЛ", // Russian.
		"ΑΠ", "ΣΧΕΤ", "ΠΡΘ", // Greek.
		"回复", "回覆", "答复", "答覆", "回信", "转发", "轉寄", "轉發", // Chinese.
		"返信", "転送", // Japanese.
		"답장", "회신", "전달", // Korean.
		"השב", "הועבר", // Hebrew.
		"رد": // Arabic.
		return true
	}
	return false
}
