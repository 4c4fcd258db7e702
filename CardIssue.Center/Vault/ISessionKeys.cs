using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Vault;

/// <summary>
/// One set of the center's keys, a signing and an agreement key, for the sessions of terminals that came with it: a session has one set, from its
/// admission to its end. Nothing here hands a key out. Calls may come from several threads.
/// </summary>
/// <remarks>Every call throws <see cref="KeyVaultException"/> when the set has ended.</remarks>
public interface ISessionKeys
{
    /// <summary>Which of the center's sets it is; 0 for the one that it was made with.</summary>
    int Number { get; }

    /// <summary>The center, by these keys.</summary>
    CenterIdentity Identity { get; }

    /// <summary>S220: whether the terminal has the agreement key that the registry has of it; its credential is another one.</summary>
    /// <param name="terminal">The terminal as the registry has it.</param>
    /// <param name="transcript">The admission.</param>
    /// <param name="confirmation">What came with its proof.</param>
    bool IsConfirmed(TerminalIdentity terminal, AdmissionTranscript transcript, ByteString confirmation);

    /// <summary>S220: proves both of the center's keys for an admission, and answers.</summary>
    /// <param name="terminal">The terminal as the registry has it, whose proof was verified.</param>
    /// <param name="transcript">The admission.</param>
    /// <param name="proof">The proof that it answers.</param>
    /// <param name="readerList">The terminal's reader list, signed.</param>
    /// <param name="joinToken">On the data half of a split line the token; else empty.</param>
    /// <exception cref="ArgumentException">The transcript names another center.</exception>
    Admitted Admit(TerminalIdentity terminal, AdmissionTranscript transcript, Proof proof, ByteString readerList, ByteString joinToken);

    /// <summary>S220, on a line without TLS: the keys that its messages are authenticated with from the admission on; the terminal's module derives the same.</summary>
    /// <param name="terminal">The terminal as the registry has it, whose proof was verified.</param>
    /// <param name="transcript">The admission.</param>
    /// <returns>The keys; the caller disposes them.</returns>
    LineKeys OpenLineKeys(TerminalIdentity terminal, AdmissionTranscript transcript);

    /// <summary>Signs a reader list for its terminal.</summary>
    /// <exception cref="ArgumentException">The list breaks a rule or is too long for a message.</exception>
    ByteString SignReaderList(ReaderList list);

    /// <summary>Signs how far the center is, for a terminal to remember.</summary>
    /// <exception cref="ArgumentException">The note breaks a rule, or names another center.</exception>
    ByteString SignWitness(WitnessNote note);

    /// <summary>S230: opens the issue code that a terminal sealed.</summary>
    /// <param name="context">The admission, request and order that it must be bound to.</param>
    /// <param name="envelope">What came.</param>
    /// <param name="code">The code; the caller disposes it.</param>
    /// <returns>False when it was not sealed for this center and context.</returns>
    bool TryOpenIssueCode(in IssueCodeContext context, ByteString envelope, [NotNullWhen(true)] out SecretBytes? code);

    /// <summary>
    /// The TLS certificate that the center is going to have, signed for terminals (<see cref="CenterCertificate"/>); empty where none is made, or the
    /// certificate is somebody else's affair.
    /// </summary>
    ByteString SignNextCertificate() => ByteString.Empty;

    /// <summary>The keys that are to follow these, signed for terminals (<see cref="CenterKeys"/>); empty where terminals are not told of any.</summary>
    ByteString SignNextKeys() => ByteString.Empty;

    /// <summary>The key by which a terminal that is known renews its keys; the caller disposes it.</summary>
    /// <param name="terminal">The terminal as the registry has it.</param>
    EnrolmentKey OpenRenewal(TerminalIdentity terminal);
}
