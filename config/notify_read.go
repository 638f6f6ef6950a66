package config

import (
	"slices"

	"github.com/scimsync/scimsync/engine/notify"
)

// readSMTP reads the mail server and how the connection to it is encrypted.
func (d *Daemon) readSMTP(m *merged) {
	if !m.anySet("smtp.host", "smtp.port", "smtp.from", "smtp.username", "smtp.password", "smtp.tls", "smtp.caFile") {
		return
	}
	for _, key := range []string{"smtp.host", "smtp.from"} {
		if !m.IsSet(key) && !m.faulty(key) {
			m.fail("smtp", "%s is missing: a mail server needs smtp.host and smtp.from", key)
		}
	}
	s := &SMTP{
		Host: m.GetString("smtp.host"), Port: m.GetInt("smtp.port"), From: m.GetString("smtp.from"),
		Username: m.GetString("smtp.username"), Password: NewSecret(m.GetString("smtp.password")), TLS: m.GetString("smtp.tls"),
	}
	d.SMTP = s
	s.CAFile = m.authority("smtp.caFile")
	if s.TLS == "" {
		switch {
		case s.Port == implicitSMTPPort:
			s.TLS = string(notify.Implicit)
		case isLoopback(s.Host):
			s.TLS = string(notify.NoTLS)
		default:
			s.TLS = string(notify.StartTLS)
		}
	}
	if s.Port == 0 {
		if s.Port = defaultSMTPPort; s.TLS == string(notify.Implicit) {
			s.Port = implicitSMTPPort
		}
	}
	switch {
	case m.faulty("smtp.username"), m.faulty("smtp.password"), m.faulty("smtp.host"), m.doc.in.skipSecrets:
	case s.Username != "" && s.Password.IsZero():
		m.fail("smtp.username", "smtp.password is missing: smtp.username needs it")
	case s.Username == "" && !s.Password.IsZero():
		m.fail("smtp.password", "smtp.username is missing: smtp.password needs it")
	case s.Username != "" && s.TLS == string(notify.NoTLS) && !isLoopback(s.Host):
		m.fail("smtp.tls", "smtp.tls is none, and the password would travel unencrypted: write starttls or implicit, or leave smtp.username and smtp.password out")
	}
}

// authority returns the path of a file of certificates, "" if none is named.
func (m *merged) authority(key string) string {
	if !m.IsSet(key) {
		return ""
	}
	path := m.doc.resolvePath(m.GetString(key))
	if _, err := notify.CertPool(path); err != nil && !m.doc.in.skipSecrets {
		m.fail(key, "%s: %v", key, err)
	}
	return path
}

// readWebhook reads the web address of all jobs.
func (d *Daemon) readWebhook(m *merged) {
	if !m.anySet("webhook.url", "webhook.secret", "webhook.authorization", "webhook.allowHTTP", "webhook.caFile") {
		return
	}
	w := &Webhook{
		URL: NewSecret(m.GetString("webhook.url")), Secret: NewSecret(m.GetString("webhook.secret")),
		Authorization: NewSecret(m.GetString("webhook.authorization")), AllowHTTP: m.GetBool("webhook.allowHTTP"),
		CAFile: m.authority("webhook.caFile"),
	}
	d.Webhook = w
	u, given := m.from["webhook.url"]
	switch {
	case !given && m.IsSet("webhook.authorization"):
		m.fail("webhook.authorization", "webhook.url is missing: webhook.authorization goes nowhere else")
	case given && u.ok() && !u.unread:
		d.secrets = append(d.secrets, u.refs...)
		if err := notify.CheckURL(w.URL.Reveal(), w.AllowHTTP); err != nil {
			m.fail("webhook.url", "webhook.url %v", err)
		}
	}
	if err := notify.CheckSecret(w.Secret.Reveal()); err != nil {
		m.fail("webhook.secret", "webhook.secret %v", err)
	}
}

// anySet reports whether one of the keys was given.
func (m *merged) anySet(keys ...string) bool { return slices.ContainsFunc(keys, m.IsSet) }

// readNotifications reads who is told of a job.
func readNotifications(d *document, v *value, j *Job) {
	if list := v.get("notificationEmail"); list.ok() {
		j.mailAt = d.at(list.node, "")
		all, err := notify.Recipients(list.text)
		if err != nil {
			d.fail(list.node, "%s", list.mask("settings.notificationEmail: "+err.Error()))
		}
		j.Settings.NotificationEmail = all
	}
	if u := v.get("notificationWebhook"); u.ok() && !u.unread {
		j.Settings.NotificationWebhook = NewSecret(u.text)
		j.secrets = append(append(j.secrets, u.refs...), j.Settings.NotificationWebhook)
		if err := notify.CheckURL(u.text, false); err != nil {
			d.fail(u.node, "settings.notificationWebhook %v", err)
		}
	}
}

// checkMail warns of a job that wants mails where there is no mail server.
func (j *Job) checkMail(d *Daemon) {
	if j.mailAt == nil || d.SMTP != nil {
		return
	}
	w := *j.mailAt
	w.Message = "settings.notificationEmail has no effect: " + d.File + " names no mail server (smtp)"
	j.Warnings = append(j.Warnings, &w).sorted()
}
