using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Vault;

public sealed partial class FileKeyVault
{
    /// <summary>One set of this vault's, by its number: it holds no key, so that one that has ended is nowhere.</summary>
    private sealed class FileSessionKeys(FileKeyVault vault, int number) : ISessionKeys
    {
        public int Number => number;

        public CenterIdentity Identity => vault.With(number, keys => vault.IdentityBy(keys));

        public bool IsConfirmed(TerminalIdentity terminal, AdmissionTranscript transcript, ByteString confirmation)
        {
            ArgumentNullException.ThrowIfNull(transcript);
            using var key = vault.KeyOf(number, terminal, transcript.Hash());
            return key.IsTerminals(confirmation);
        }

        public Admitted Admit(TerminalIdentity terminal, AdmissionTranscript transcript, Proof proof, ByteString readerList, ByteString joinToken)
        {
            ArgumentNullException.ThrowIfNull(transcript);
            if (transcript.Center != vault._content.Center)
                throw new ArgumentException($"The transcript is of center {transcript.Center}, not {vault._content.Center}.", nameof(transcript));
            using var key = vault.KeyOf(number, terminal, transcript.Hash());
            return vault.With(number, keys => transcript.Admit(keys.Signing, key, proof, readerList, joinToken));
        }

        public LineKeys OpenLineKeys(TerminalIdentity terminal, AdmissionTranscript transcript)
        {
            ArgumentNullException.ThrowIfNull(transcript);
            using var key = vault.KeyOf(number, terminal, transcript.Hash());
            return LineKeys.Derive(key);
        }

        public ByteString SignReaderList(ReaderList list) => vault.With(number, keys => SignedReaderList.Sign(list, keys.Signing));

        public ByteString SignWitness(WitnessNote note)
        {
            ArgumentNullException.ThrowIfNull(note);
            return note.Center == vault._content.Center
                ? vault.With(number, keys => SignedWitnessNote.Sign(note, keys.Signing))
                : throw new ArgumentException($"The note names center {note.Center}; this is {vault._content.Center}.", nameof(note));
        }

        public ByteString SignNextCertificate() => vault.SignNextCertificate(number);

        public ByteString SignNextKeys() => vault.SignNextKeys(number);

        public bool TryOpenIssueCode(in IssueCodeContext context, ByteString envelope, [NotNullWhen(true)] out SecretBytes? code)
        {
            var of = context;
            code = vault.With(number, keys => IssueCodeEnvelope.TryOpen(keys.Agreement, of, envelope.Span, out var opened) ? opened : null);
            return code is not null;
        }

        public EnrolmentKey OpenRenewal(TerminalIdentity terminal)
        {
            using var transport = vault.With(number, keys => TerminalTransportKey.AtCenter(keys.Agreement, terminal));
            return EnrolmentKey.Of(transport);
        }

        public override string ToString() => $"keys {number} of {vault._content.Center}";
    }
}
