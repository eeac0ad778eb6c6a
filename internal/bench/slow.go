package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"letterbox/gateway"
)

const besides = 9

// slow measures what an inbox whose server has gone silent costs nine others.
func slow(ctx context.Context, mails [][]byte, runs int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0") // The system takes the connections, and nobody ever speaks.
	if err != nil {
		return err
	}
	defer l.Close()
	mails = mails[:min(len(mails), sharedMails)]
	var share []float64
	for range runs {
		without, err := together(ctx, "", besides, 1, mails, "")
		if err != nil {
			return err
		}
		with, err := together(ctx, "", besides, 1, mails, l.Addr().String())
		if err != nil {
			return err
		}
		share = append(share, without.Seconds()/with.Seconds())
	}
	fmt.Printf("| %d inboxes beside one whose server is silent | %.0f %% of their rate without it | | | | |\n", besides, 100*median(share))
	return nil
}

// addSilent adds inbox n, whose server says nothing. It is the last one that was made.
func (h *house) addSilent(ctx context.Context, n int, address string) error {
	ib, err := h.app.Store.InboxByID(ctx, h.id)
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(address)
	password := "secret"
	ib.Settings.Host, ib.Settings.Username = host, "silent"
	ib.Settings.Port, _ = strconv.Atoi(port)
	_, err = h.app.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{
		Name: "Silent", Address: fmt.Sprintf("silent%d@here.example", n), ProjectID: ib.ProjectID, Enabled: true,
		Settings: ib.Settings, Rules: rules(), Password: &password,
	})
	return err
}
