package message

// The closed list of defects. Each is "defect." + code in the message catalogue, with {detail}.
const (
	DefectHeaderLine       = "header_line"        // A line in the header section that is no field; it was joined to the field before.
	DefectHeaderEnd        = "header_end"         // The header section did not end with an empty line.
	DefectHeaderLimit      = "header_limit"       // The header section is beyond the limit; the rest of it was left out.
	DefectMboxLine         = "mbox_line"          // The mail began with a line of an mbox file or with empty lines.
	DefectDuplicateField   = "duplicate_field"    // A field that may stand once stands more often; the first counts.
	DefectEmpty            = "empty"              // There is nothing in the mail.
	DefectDate             = "date"               // The Date field is missing or unreadable.
	DefectFrom             = "from"               // The From field is missing, has no usable address or more than one.
	DefectAddress          = "address"            // An address that could not be read as it stands.
	DefectAddressLimit     = "address_limit"      // More addresses than the limit; the rest was left out.
	DefectMessageID        = "message_id"         // No usable Message-ID.
	DefectEncodedWord      = "encoded_word"       // An encoded word (RFC 2047) that could not be decoded.
	DefectCharset          = "charset"            // A charset that is unknown, missing or wrong; another one was taken.
	DefectTransferEncoding = "transfer_encoding"  // An unknown transfer encoding; the octets were taken as they are.
	DefectBase64           = "base64"             // Base64 with foreign characters or a bad end; what was readable is there.
	DefectQuotedPrintable  = "quoted_printable"   // Broken quoted-printable; what was readable is there.
	DefectContentType      = "content_type"       // An unreadable Content-Type.
	DefectBoundary         = "boundary"           // A multipart without a usable boundary; one was found or the text taken as it is.
	DefectUnclosed         = "unclosed"           // A multipart that does not end.
	DefectDepthLimit       = "depth_limit"        // Nested too deep; the rest was kept as one attachment.
	DefectPartLimit        = "part_limit"         // More parts than the limit; the rest was left out.
	DefectAttachmentLimit  = "attachment_limit"   // More attachments than the limit; the rest is in the original mail only.
	DefectTextLimit        = "text_limit"         // More text than is shown; the whole is an attachment.
	DefectHTMLLimit        = "html_limit"         // HTML too large to be shown; it is an attachment, its text is shown.
	DefectHTMLDepth        = "html_depth"         // HTML nested deeper than is shown; its text is there, the markup that deep is not.
	DefectParameterLimit   = "parameter_limit"    // A field with more parameters than are read; the rest was left out.
	DefectReferenceLimit   = "reference_limit"    // More Message-IDs in a field than are kept; the first and the newest stay.
	DefectNameLimit        = "name_limit"         // The name of an attachment is longer than a file name can be; it was shortened.
	DefectReportLimit      = "report_limit"       // A delivery report with more recipients than are read; the whole is an attachment.
	DefectCalendarLimit    = "calendar_limit"     // An invitation too large to be read, or with more people than are; it is an attachment.
	DefectControl          = "control_characters" // Control characters were taken out of the text.
	DefectTNEF             = "tnef"               // A winmail.dat that is broken; what was readable is there, and the original.
	DefectSMIME            = "smime"              // An S/MIME part that could not be opened.
	DefectNoKey            = "smime_no_key"       // Encrypted, and none of our keys fits: it cannot be decrypted.
	DefectEncryption       = "smime_method"       // Encrypted in a way that is not supported, or too large.
	DefectEncryptedPart    = "smime_part"         // An encrypted part among others; only a mail as a whole is decrypted.
	DefectUnauthenticated  = "smime_open"         // Decrypted, and nothing shows that it was not changed on the way.
	DefectInternal         = "internal"           // This program failed on a part of the mail; the rest is there.
)

const maxDefects = 100 // Beyond it the list says nothing new.

// defect notes a defect once for each code and detail.
func (p *parser) defect(code, detail string) {
	detail = cut(clean(detail), 200)
	for _, d := range p.m.Defects {
		if d.Code == code && d.Detail == detail {
			return
		}
	}
	if len(p.m.Defects) < maxDefects {
		p.m.Defects = append(p.m.Defects, Defect{Code: code, Detail: detail})
	}
}
