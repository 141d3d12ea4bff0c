// Package identity says who somebody is and proves it: SSH signatures under
// statements, checked against an allowed_signers file as OpenSSH keeps it, bearer
// tokens of the API, and the secrets that the service itself presents to others.
//
// It ends at the person. Whether that person may approve, submit or decide is the
// business of rules elsewhere. It keeps no state besides its files, which are read
// again whenever they differ, so that a key or token taken out of a file stops to
// count at once; a file that cannot be read or parsed lets nobody in. It must not
// write a secret, a token or a private key into an error or a log.
//
// Sources: OpenSSH PROTOCOL.sshsig, PROTOCOL.certkeys, PROTOCOL.u2f, and ALLOWED
// SIGNERS in ssh-keygen(1).
package identity
