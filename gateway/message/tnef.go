package message

// openTNEF unpacks a winmail.dat.
func (p *parser) openTNEF(n *node, w *partWriter) *node { return nil }
