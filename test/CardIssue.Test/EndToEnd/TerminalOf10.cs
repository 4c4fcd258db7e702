using System.Formats.Cbor;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// The line of a terminal that knows version 1.0 of the protocol and nothing later. What 1.0 has is written down here, and is not what the
/// code has by now: a number in it changes never. What such a terminal passes over it does not get; what it would refuse is kept as a fault.
/// </summary>
/// <param name="inner">The line, whose frames can be read.</param>
/// <param name="lacks">What it does not know of 1.0 either, by message: as if that had come later.</param>
internal sealed class TerminalOf10(ILine inner, IReadOnlyDictionary<RelayMessageType, int>? lacks = null) : ILine
{
    /// <summary>The highest key of each message in 1.0, and the highest codes that it has by key; whether unknown fields are passed over.</summary>
    private static readonly Dictionary<int, (int Keys, bool IsOpen, (int Key, int Code)[] Codes)> Known = new()
    {
        [1] = (6, true, [(6, 2)]), [2] = (3, true, []), [3] = (3, false, []), [4] = (4, false, []), [5] = (1, true, [(1, 4)]), [6] = (4, false, []),
        [7] = (2, false, []), [8] = (2, true, [(2, 9)]), [9] = (8, true, []), [10] = (2, true, []), [11] = (2, true, [(2, 12)]),
        [12] = (9, false, [(1, 6)]), [13] = (3, false, []), [14] = (1, false, []), [15] = (4, false, [(2, 6)]), [16] = (3, true, []),
        [17] = (0, true, []), [18] = (1, true, [(1, 11)]), [19] = (1, true, []), [20] = (0, true, []), [21] = (2, true, []), [22] = (1, false, []),
        [23] = (0, true, []), [24] = (7, false, []), [25] = (2, true, [(1, 3)]), [26] = (1, true, []), [27] = (3, true, []), [28] = (8, false, []),
        [29] = (5, false, []),
    };

    /// <summary>What a center said that a terminal of 1.0 has to refuse, or a terminal that no center of 1.0 knows.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>How many fields such a terminal passed over.</summary>
    public int PassedOver { get; private set; }

    public LinePeer Peer => inner.Peer;

    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        // What it announces a center of 1.0 passes over, too.
        _ = Understood(frame, isOwn: true);
        return inner.SendAsync(frame, cancellation);
    }

    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        using var frame = await inner.ReceiveAsync(cancellation);
        if (frame is null) return null;
        var understood = Understood(frame.Memory);
        var read = new LineFrame(understood.Length);
        understood.CopyTo(read.Memory);
        return read;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>The message with the fields that are known.</summary>
    private byte[] Understood(ReadOnlyMemory<byte> frame, bool isOwn = false)
    {
        var fields = Fields(frame);
        var type = (int)Number(fields[0].Value);
        if (!Known.TryGetValue(type, out var known))
        {
            Faults.Add($"message {type}");
            return frame.ToArray();
        }
        foreach (var (key, code) in known.Codes)
            if (fields.Find(field => field.Key == key) is { Value: { } value } && Number(value) > code)
                Faults.Add($"message {type}, field {key}: code {Number(value)}");
        var keys = lacks?.GetValueOrDefault((RelayMessageType)type, known.Keys) ?? known.Keys;
        var unknown = fields.FindAll(field => field.Key > keys);
        if (unknown.Count == 0) return frame.ToArray();
        if (!known.IsOpen) Faults.Add($"message {type}, field {unknown[0].Key}");
        if (!isOwn) PassedOver += unknown.Count;
        var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
        writer.WriteStartMap(fields.Count - unknown.Count);
        foreach (var (key, value) in fields.Except(unknown))
        {
            writer.WriteInt32(key);
            writer.WriteEncodedValue(value);
        }
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static List<(int Key, byte[] Value)> Fields(ReadOnlyMemory<byte> frame)
    {
        var reader = new CborReader(frame, CborConformanceMode.Ctap2Canonical);
        var fields = new List<(int, byte[])>();
        for (var left = reader.ReadStartMap(); left > 0; left--) fields.Add((reader.ReadInt32(), reader.ReadEncodedValue().ToArray()));
        return fields;
    }

    private static long Number(byte[] value) => new CborReader(value).ReadInt64();
}
