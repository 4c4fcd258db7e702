using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;
using CardIssue.Reader.Serial.T1;

namespace CardIssue.Reader.Serial.Card;

/// <summary>
/// Reads an answer to reset (ISO 7816-3 8.2). Nothing but what the standard lets pass is let pass, with two exceptions, which real cards
/// and readers need and drivers make: an IFSC of FF is 254, and bytes after a right TCK are left out.
/// </summary>
internal ref struct AtrParser
{
    /// <summary>The most bytes after TS (ISO 7816-3 8.2.1) and TS itself; what follows the end counts, too.</summary>
    public const int MaxLength = 33;

    private const byte Direct = 0x3B, Inverse = 0x3F;
    private const int GlobalParameters = 15;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<int> _protocols = [];
    private int _at;
    private byte? _ta1, _ta2, _tc1, _tc2, _t1A, _t1B, _t1C, _global;
    private bool _endsEarly;

    private AtrParser(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Parses an answer to reset; the error says which byte is wrong and why.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Atr? atr, [NotNullWhen(false)] out string? error)
    {
        atr = null;
        error = bytes.Length is < 2 or > MaxLength ? $"An answer to reset has 2 to {MaxLength} bytes; {bytes.Length} came."
            : bytes[0] is not (Direct or Inverse) ? $"TS is {bytes[0]:X2}; it can be 3B or 3F."
            : null;
        if (error is not null) return false;
        var parser = new AtrParser(bytes);
        return parser.TryRead(out atr, out error);
    }

    private bool TryRead([NotNullWhen(true)] out Atr? atr, [NotNullWhen(false)] out string? error)
    {
        atr = null;
        _at = 2;
        ReadInterfaceBytes();
        var historical = _bytes[1] & 0x0F;
        // TCK is there when any protocol besides T=0 is named (8.2.5), and not otherwise.
        var hasCheck = _protocols.Exists(protocol => protocol != 0);
        var length = _at + historical + (hasCheck ? 1 : 0);
        // Without a TCK nothing tells that the answer ends where it says.
        error = _endsEarly || _bytes.Length < length ? $"It ends after {_bytes.Length} bytes, before what it announces."
            : _bytes.Length > length && !hasCheck ? $"{_bytes.Length - length} bytes follow its end."
            : hasCheck && Framing.SerialFrame.Check(_bytes[1..length]) != 0 ? "TCK is wrong."
            : Refuse();
        if (error is not null) return false;
        atr = Make(_bytes[..length], ByteString.Copy(_bytes.Slice(_at, historical)));
        return true;
    }

    private void ReadInterfaceBytes()
    {
        var announced = _bytes[1] >> 4;
        // The protocol that the TA, TB, TC of this round belong to: those of rounds 1 and 2 are global or T=0's (8.2.3, 8.3).
        int? protocol = null;
        for (var round = 1; announced != 0; round++)
        {
            var ta = (announced & 1) != 0 ? Next() : null;
            var tb = (announced & 2) != 0 ? Next() : null;
            var tc = (announced & 4) != 0 ? Next() : null;
            var td = (announced & 8) != 0 ? Next() : null;
            if (round == 1) (_ta1, _tc1) = (ta, tc);
            else if (round == 2) (_ta2, _tc2) = (ta, tc);
            else if (protocol == 1) (_t1A, _t1B, _t1C) = (_t1A ?? ta, _t1B ?? tb, _t1C ?? tc);
            if (round > 2 && protocol == GlobalParameters) _global ??= ta;
            if (td is not { } next) return;
            protocol = next & 0x0F;
            _protocols.Add(next & 0x0F);
            announced = next >> 4;
        }
    }

    private byte? Next()
    {
        if (_at < _bytes.Length) return _bytes[_at++];
        _endsEarly = true;
        return null;
    }

    private readonly string? Refuse() =>
        _t1A is 0 ? "TA for T=1 is 00; an IFSC is 01 to FE."
        : _t1B >> 4 > 9 ? $"TB for T=1 is {_t1B:X2}; a BWI is 0 to 9."
        : _tc2 is 0 ? "TC2 is 00; a waiting time integer is 01 to FF."
        : _protocols.Count > 0 && _protocols[0] == GlobalParameters ? "TD1 names T=15, which is no protocol."
        : null;

    private readonly Atr Make(ReadOnlySpan<byte> bytes, ByteString historical)
    {
        var offered = _protocols.Where(protocol => protocol != GlobalParameters).Distinct().ToArray();
        return new Atr
        {
            Bytes = ByteString.Copy(bytes),
            Ignored = _bytes.Length - bytes.Length,
            IsInverse = _bytes[0] == Inverse,
            Ta1 = _ta1,
            Ta2 = _ta2,
            GuardTime = _tc1 ?? 0,
            WaitingInteger = _tc2 ?? 10,
            T1 = new T1Parameters(
                Math.Min((int)(_t1A ?? 32), T1.T1Block.MaxInformation), (_t1B ?? 0x4D) >> 4, (_t1B ?? 0x4D) & 0x0F, (_t1C & 1) == 1),
            ClockStop = (byte)((_global ?? 0) >> 6),
            Classes = (CardClasses)((_global ?? 0) & 0x07),
            Protocols = offered.Length == 0 ? [0] : [.. offered],
            Historical = historical,
        };
    }
}
