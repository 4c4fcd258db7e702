using System.Security.Cryptography;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Readers;

/// <summary>
/// S250 (numerals 215, 216): a reader that the center's signed list does not name may neither write nor read. Without a list none is known.
/// A reader whose entry names a key answers a fresh challenge at each check. Calls may come from several threads.
/// </summary>
internal sealed class ReaderAuthentication
{
    private readonly Func<CenterIdentity> _center;
    private readonly TerminalId _terminal;
    private readonly IReaderKey? _key;
    private readonly Lock _taking = new();
    private VerifiedReaderList? _list;

    /// <summary>Knows no reader yet.</summary>
    /// <param name="center">The center of the admission under way, whose signature counts.</param>
    /// <param name="terminal">This terminal.</param>
    /// <param name="key">The key that the reader carries, or null.</param>
    public ReaderAuthentication(Func<CenterIdentity> center, TerminalId terminal, IReaderKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(center);
        (_center, _terminal, _key) = (center, terminal, key);
    }

    /// <summary>The list that judges, or null.</summary>
    public VerifiedReaderList? List => Volatile.Read(ref _list);

    /// <summary>Takes a list that the center gave, with the admission or later.</summary>
    /// <param name="signedList">The list, signed.</param>
    /// <returns>False when it is not signed by the center for this terminal, or is older than the one that is held, which then stays.</returns>
    public bool TryAccept(ByteString signedList)
    {
        if (!SignedReaderList.TryVerify(signedList.Memory, _center().SigningKey, _terminal, out var list)) return false;
        lock (_taking)
        {
            if (List is { } held && list.List.Version < held.List.Version) return false;
            Volatile.Write(ref _list, list);
            return true;
        }
    }

    /// <summary>Judges a reader by what its driver could honestly learn of it, and by its key where the list names one.</summary>
    /// <returns><see cref="ReaderJudgement.Known"/> or <see cref="ReaderJudgement.Unknown"/>.</returns>
    /// <exception cref="CardException">The slot of its key is gone.</exception>
    public async ValueTask<ReaderJudgement> JudgeAsync(ReaderIdentity reader, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (List is not { } list) return new ReaderJudgement.Unknown("the terminal holds no reader list of the center");
        return list.Judge(reader) is ReaderJudgement.MustProve must
            ? await ChallengeAsync(reader, must.Entries, cancellation).ConfigureAwait(false)
            : list.Judge(reader);
    }

    private async ValueTask<ReaderJudgement> ChallengeAsync(ReaderIdentity reader, ValueList<ReaderEntry> entries, CancellationToken cancellation)
    {
        if (_key is null) return VerifiedReaderList.Stranger(reader, "it must prove a key, and this terminal is set up without one for its reader");
        var nonce = ByteString.Own(RandomNumberGenerator.GetBytes(ReaderChallenge.NonceLength));
        var challenge = new ReaderChallenge(_terminal, nonce, reader);
        var answer = await _key.SignAsync(challenge.Hash.Memory, cancellation).ConfigureAwait(false);
        if (answer.Fault is ReaderKeyFault.Away) throw new CardException(CardFault.ReaderGone, $"The slot of the reader's key is gone: {answer.Detail}.");
        if (answer.Fault is not ReaderKeyFault.None) return VerifiedReaderList.Stranger(reader, $"its key did not answer: {answer.Fault}, {answer.Detail}");
        var proved = entries.FirstOrDefault(entry => challenge.IsSigned(entry.Key!, answer.Value));
        return proved is not null ? new ReaderJudgement.Known(proved) : VerifiedReaderList.Stranger(reader, "it answered with another key than the list names");
    }
}
