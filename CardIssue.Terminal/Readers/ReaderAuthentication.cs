using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;

namespace CardIssue.Terminal.Readers;

/// <summary>S250 (numerals 215, 216): a reader that the center's signed list does not name may neither write nor read. Without a list none is known.</summary>
public sealed class ReaderAuthentication
{
    private readonly P256PublicKey _center;
    private readonly TerminalId _terminal;
    private VerifiedReaderList? _list;

    /// <summary>Knows no reader yet.</summary>
    /// <param name="center">The center, whose signature counts.</param>
    /// <param name="terminal">This terminal.</param>
    public ReaderAuthentication(CenterIdentity center, TerminalId terminal)
    {
        ArgumentNullException.ThrowIfNull(center);
        (_center, _terminal) = (center.SigningKey, terminal);
    }

    /// <summary>The list that judges, or null.</summary>
    public VerifiedReaderList? List => _list;

    /// <summary>Takes the list that came with the admission.</summary>
    /// <param name="signedList">The list, signed.</param>
    /// <returns>False when it is not signed by the center for this terminal, or is older than the one that is held, which then stays.</returns>
    public bool TryAccept(ByteString signedList)
    {
        if (!SignedReaderList.TryVerify(signedList.Memory, _center, _terminal, out var list)) return false;
        if (_list is not null && list.List.Version < _list.List.Version) return false;
        _list = list;
        return true;
    }

    /// <summary>Judges a reader by what its driver could honestly learn of it.</summary>
    public ReaderJudgement Judge(ReaderIdentity reader) =>
        _list?.Judge(reader) ?? new ReaderJudgement.Unknown("the terminal holds no reader list of the center");
}
