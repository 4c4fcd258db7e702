using CardIssue.Testing.Cards.Apdu;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>A data grouping as it came in: still encrypted when <paramref name="IsEncrypted"/>.</summary>
internal sealed record Grouping(ushort Dgi, byte[] Value, bool IsEncrypted);

/// <summary>A run of STORE DATA commands: block numbers, and the object that is not complete yet.</summary>
internal sealed class StoreDataProgress
{
    /// <summary>The most that one object may have; a DGI's length field holds no more.</summary>
    private const int MaximumObject = 0xFFFF + 5;

    private readonly List<byte> _pending = [];
    private bool _pendingIsEncrypted;
    private byte _next;
    private bool _afterError;

    /// <summary>Whether this is the block that must come now. After an error a run may start over at 00 or repeat the refused block (GPCS 11.11.2.2).</summary>
    public bool Accepts(byte number) => number == _next || _afterError && number == 0;

    public bool HasPending => _pending.Count > 0;

    public void Took(byte number)
    {
        _next = (byte)(number + 1);
        _afterError = false;
    }

    public void Failed()
    {
        _pending.Clear();
        _afterError = true;
    }

    public void Restart()
    {
        _pending.Clear();
        _next = 0;
        _afterError = false;
    }

    /// <summary>Takes more bytes of a DGI stream (EMV CPS 3.2) and gives the groupings that are complete now; null when there is too much.</summary>
    public List<Grouping>? TakeGroupings(ReadOnlySpan<byte> data, bool isEncrypted)
    {
        if (_pending.Count == 0) _pendingIsEncrypted = isEncrypted;
        _pending.AddRange(data);
        var complete = new List<Grouping>();
        while (TryTakeGrouping(out var dgi, out var value))
        {
            complete.Add(new Grouping(dgi, value, _pendingIsEncrypted));
            _pendingIsEncrypted = isEncrypted;
        }
        return _pending.Count > MaximumObject ? null : complete;
    }

    /// <summary>Takes more bytes of a BER-TLV stream and gives the objects that are complete now; null when there is too much.</summary>
    public List<(int Tag, byte[] Value)>? TakeObjects(ReadOnlySpan<byte> data)
    {
        _pending.AddRange(data);
        var complete = new List<(int, byte[])>();
        ReadOnlySpan<byte> rest = _pending.ToArray();
        var whole = rest;
        while (!rest.IsEmpty && Tlv.TryRead(ref rest, out var tag, out var value))
        {
            complete.Add((tag, value));
            whole = rest;
        }
        _pending.Clear();
        _pending.AddRange(whole);
        return _pending.Count > MaximumObject ? null : complete;
    }

    private bool TryTakeGrouping(out ushort dgi, out byte[] value)
    {
        (dgi, value) = (0, []);
        if (_pending.Count < 3) return false;
        // 1 byte 00–FE, or FF and 2 bytes: not BER (EMV CPS 3.2).
        var header = _pending[2] == 0xFF ? 5 : 3;
        if (_pending.Count < header) return false;
        var length = header == 5 ? _pending[3] << 8 | _pending[4] : _pending[2];
        if (_pending.Count < header + length) return false;
        dgi = (ushort)(_pending[0] << 8 | _pending[1]);
        value = [.. _pending.GetRange(header, length)];
        _pending.RemoveRange(0, header + length);
        return true;
    }
}
