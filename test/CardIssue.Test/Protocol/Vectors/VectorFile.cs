using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Protocol.Vectors;

/// <summary>Who says something in a vector.</summary>
internal enum VectorSpeaker
{
    Terminal,
    Center,
}

/// <summary>
/// One session as a file of vectors: what is given, then each frame and each derived thing in the order in which it is needed. Bytes
/// are hexadecimal.
/// </summary>
internal sealed class VectorFile(string about)
{
    private readonly List<(string Name, string Value)> _given = [];
    private readonly List<Action<Utf8JsonWriter>> _steps = [];

    public void Given(string name, string value) => _given.Add((name, value));

    public void Given(string name, ByteString value) => Given(name, value.ToString());

    /// <summary>A message on its way: as CBOR, and as the bytes on the line, behind the frame's header.</summary>
    /// <param name="from">Who sends it.</param>
    /// <param name="message">The message.</param>
    /// <param name="frame">The frame's bytes; null where they are the message alone.</param>
    /// <param name="half">On a split line the half that it goes on; else empty.</param>
    public void Message(VectorSpeaker from, RelayMessage message, ByteString? frame = null, string half = "")
    {
        var cbor = MessageCodec.BytesOf(message);
        var carried = frame ?? cbor;
        if (carried.Length > ILine.MaxFrame) throw new InvalidOperationException("a frame is too long");
        byte[] header = [(byte)(carried.Length >> 16), (byte)(carried.Length >> 8), (byte)carried.Length];
        _steps.Add(json =>
        {
            json.WriteStartObject();
            json.WriteString("from", from is VectorSpeaker.Terminal ? "terminal" : "center");
            if (half.Length > 0) json.WriteString("half", half);
            json.WriteString("message", message.Type.ToString());
            json.WriteString("cbor", cbor.ToString());
            json.WriteString("line", Convert.ToHexString(header) + carried);
            json.WriteEndObject();
        });
    }

    /// <summary>Something that is made and not sent as it is: what it is made of, by name, and what comes of it.</summary>
    public void Made(string name, ReadOnlySpan<byte> value, params (string Name, string Value)[] of)
    {
        var hex = Convert.ToHexString(value);
        _steps.Add(json =>
        {
            json.WriteStartObject();
            json.WriteString("makes", name);
            foreach (var (part, bytes) in of) json.WriteString(part, bytes);
            json.WriteString("value", hex);
            json.WriteEndObject();
        });
    }

    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteString("about", about);
            json.WriteStartObject("given");
            foreach (var (name, value) in _given) json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteStartArray("steps");
            foreach (var step in _steps) step(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }
}
