package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"letterbox/gateway/message"
	"letterbox/internal/app"
)

func (p *program) inspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "inspect FILE...", Short: "Show what is read from mail files; needs no database",
		Long: `Show what is read from mail files: header fields, the new words apart from the quoted ones, attachments, defects.
The exit status is 0 for every file that can be read, however broken the mail in it is.`,
		Example: "  letterbox inspect mail.eml\n  letterbox inspect --json *.eml\n  letterbox inspect --smime-keys keys --smime-roots issuers.pem mail.eml", Args: cobra.MinimumNArgs(1),
	}
	asJSON := c.Flags().Bool("json", false, "print one JSON object a line")
	keys := c.Flags().String("smime-keys", "", "folder with S/MIME keys (PEM) that open encrypted mail")
	roots := c.Flags().String("smime-roots", "", "PEM file with the issuers whose S/MIME certificates are accepted")
	c.RunE = does(func(_ *cobra.Command, files []string) error {
		o := message.Options{Received: time.Now()}
		if *keys != "" || *roots != "" {
			var err error
			if o.SMIME, err = app.LoadSMIME(*keys, *roots); err != nil {
				return err
			}
		}
		var failed []error
		for i, file := range files {
			m, err := parseFile(file, o)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			if err := p.inspect(file, m, *asJSON, i > 0); err != nil {
				return err
			}
		}
		return errors.Join(failed...)
	})
	return c
}

func (p *program) inspect(file string, m *message.Message, asJSON, further bool) error {
	if asJSON {
		enc := json.NewEncoder(p.stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(message.Inspection{File: file, Message: m})
	}
	if further {
		fmt.Fprintln(p.stdout)
	}
	return message.WriteReadable(p.stdout, m, file)
}

func parseFile(file string, o message.Options) (*message.Message, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := message.Parse(f, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return m, nil
}
