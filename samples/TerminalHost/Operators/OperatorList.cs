using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost.Operators;

/// <summary>An operator and what is kept instead of the password: Argon2id (RFC 9106) of it and a salt.</summary>
internal sealed record KnownOperator(OperatorId Name, Argon2Cost Cost, ByteString Salt, ByteString Verifier)
{
    private const int SaltLength = 16;

    /// <summary>Makes one.</summary>
    /// <param name="name">Who.</param>
    /// <param name="password">UTF-8; stays the caller's.</param>
    /// <param name="cost">What guessing is to cost.</param>
    public static KnownOperator Make(OperatorId name, SecretBytes password, Argon2Cost cost)
    {
        var salt = ByteString.Own(RandomNumberGenerator.GetBytes(SaltLength));
        using var slow = cost.Derive(password, salt.Span);
        return new KnownOperator(name, cost, salt, ByteString.Copy(slow.Span));
    }

    /// <summary>Whether this is the password. Slow on purpose.</summary>
    public bool IsPassword(SecretBytes password)
    {
        using var slow = Cost.Derive(password, Salt.Span);
        return slow.FixedTimeEquals(Verifier.Span);
    }
}

/// <summary>
/// The operators who may work at this terminal, in a file beside the module. Where it is, nobody works here without a password; it is read
/// anew each time, so that a change in it holds at once.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class OperatorList(string path)
{
    /// <summary>The shortest password in bytes of UTF-8.</summary>
    public const int MinPassword = 8;

    /// <summary>So many operators fit.</summary>
    public const int MaxOperators = 1_000;

    private const int MaxLength = 1_024 * 1_024, VerifierLength = Argon2Cost.KeyLength;

    /// <summary>Whether operators log in here.</summary>
    public bool IsThere => InputFile.IsThere(path);

    /// <summary>Everybody, in the order that they came.</summary>
    /// <exception cref="CommandException">The file is damaged.</exception>
    public IReadOnlyList<KnownOperator> Read()
    {
        if (!IsThere) return [];
        try
        {
            using var json = JsonDocument.Parse(InputFile.ReadAll(path, MaxLength));
            return [.. json.RootElement.GetProperty("operators").EnumerateArray().Select(Operator)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new CommandException(ExitCode.File, $"{path} is no list of operators, or is damaged: put it back from a backup, or move it away and add the operators anew.", e);
        }
    }

    /// <summary>Writes it anew, for its owner alone; a crash leaves the old one or the new one.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(IReadOnlyList<KnownOperator> all) => WholeFile.Replace(path, Json(all), ownerOnly: true);

    private static KnownOperator Operator(JsonElement json)
    {
        var cost = new Argon2Cost(json.GetProperty("memoryKiB").GetInt32(), json.GetProperty("passes").GetInt32(), json.GetProperty("lanes").GetInt32());
        var (salt, verifier) = (Bytes(json, "salt"), Bytes(json, "verifier"));
        // Its caps hold for what is read from a file, too.
        if (cost.Fault() is { } fault) throw new FormatException(fault);
        if (salt.Length < 8 || verifier.Length != VerifierLength) throw new FormatException("a length is wrong");
        return new KnownOperator(new OperatorId(json.GetProperty("name").GetString()!), cost, salt, verifier);
    }

    private static ByteString Bytes(JsonElement json, string name) => ByteString.Own(Convert.FromHexString(json.GetProperty(name).GetString()!));

    private static ReadOnlySpan<byte> Json(IReadOnlyList<KnownOperator> all)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("operators");
            foreach (var one in all)
            {
                json.WriteStartObject();
                json.WriteString("name", one.Name.Value);
                json.WriteNumber("memoryKiB", one.Cost.MemoryKiB);
                json.WriteNumber("passes", one.Cost.Passes);
                json.WriteNumber("lanes", one.Cost.Lanes);
                json.WriteString("salt", Convert.ToHexString(one.Salt.Span));
                json.WriteString("verifier", Convert.ToHexString(one.Verifier.Span));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan;
    }
}
