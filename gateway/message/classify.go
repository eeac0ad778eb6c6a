package message

// classify finds what kind of mail this is.
func (p *parser) classify(h *header, root *node) {
	p.guard("auto", func() { p.m.Auto = autoOf(h, p.m) })
	p.guard("list", func() { p.m.List = listOf(h) })
}

// look reads the parts that say something besides being attachments.
func (p *parser) look(n *node, w *partWriter, depth int, parent string) {
}

// looksInside says whether a part is a container that is opened.
func looksInside(mime, name string) bool { return false }
