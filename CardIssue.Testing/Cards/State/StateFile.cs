using System.Collections.Immutable;
using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Testing.Cards.State;

/// <summary>A card in a JSON file, keys in the clear: a simulator's card holds test keys only. Written beside and renamed, so a crash leaves the old file or the new one.</summary>
public static class StateFile
{
    /// <summary>The largest card file in bytes.</summary>
    internal const int MaxLength = 16 * 1_024 * 1_024;

    private const int Version = 1;
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, RespectNullableAnnotations = true };

    private sealed record CardDto(
        int Version, string SecurityDomain, string? SecurityDomainLoadFile, string Kdd, string Cplc, byte ScpParameter, CardProtocol Protocol, CardLifeCycle LifeCycle,
        int AuthenticationLimit, int FailedAuthentications, KeyDto[] Keys, Dictionary<byte, int> SequenceCounters, Dictionary<string, string> Data,
        LoadFileDto[] LoadFiles, ApplicationDto[] Applications, PivDto? Piv = null, bool CountsEmptyCommands = true,
        byte Scp = CardState.Scp03, bool MisstatesCheckValues = false, int Memory = CardPlatform.Memory, bool TakesExtendedFiles = true,
        bool AnswersAuthenticationWithMac = false);

    private sealed record PivDto(string PrivateKey, string Certificate);

    private sealed record KeyDto(byte Version, byte Id, string Value, CardKeyType Type = CardKeyType.Aes);

    private sealed record LoadFileDto(string Aid, string Version, string[] Modules, int Length, ImportDto[]? Imports = null, ImportDto[]? Packages = null);

    private sealed record ImportDto(string Aid, byte Major, byte Minor);

    private sealed record ApplicationDto(
        string Aid, string LoadFile, string Module, byte LifeCycle, string Privileges, Dictionary<string, string> Dgis,
        ushort[] MandatoryDgis, bool ReadableWhenBlank, string? Domain = null, DomainDto? Owns = null);

    /// <summary>What a supplementary security domain has of its own.</summary>
    private sealed record DomainDto(KeyDto[] Keys, Dictionary<byte, int> SequenceCounters, int FailedAuthentications, Dictionary<string, string> Data);

    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Save(string path, CardState state)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, ToDto(state), Options);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="InvalidDataException">It is no state file of this version.</exception>
    public static CardState Load(string path)
    {
        try
        {
            var dto = JsonSerializer.Deserialize<CardDto>(ReadAll(path), Options) ?? throw new FormatException("it holds null.");
            if (dto.Version != Version) throw new InvalidDataException($"{path} has version {dto.Version}; this program reads {Version}.");
            var state = FromDto(dto);
            return StateCheck.FaultOf(state) is { } fault ? throw new FormatException(fault) : state;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}, line {e.LineNumber + 1}: this is no card file; wrong is {e.Path ?? "its JSON"}.", e);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NullReferenceException or OverflowException)
        {
            throw new InvalidDataException($"{path} is no card file: {(e is NullReferenceException ? "a value is null." : e.Message)}", e);
        }
    }

    /// <summary>A pipe or device, too, has no length: it is not waited for.</summary>
    private static byte[] ReadAll(string path)
    {
        if (Directory.Exists(path)) throw new InvalidDataException($"{path} is a directory, no card file.");
        var length = new FileInfo(path).Length;
        if (length is 0 or > MaxLength) throw new InvalidDataException($"{path} is {(length == 0 ? "empty, or no plain file" : $"larger than {MaxLength} bytes")}: no card file.");
        var bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes;
    }

    private static CardDto ToDto(CardState s) => new(
        Version, s.SecurityDomainAid.ToString(), s.SecurityDomainLoadFile?.ToString(), s.Kdd.ToString(), s.Cplc.ToString(), s.ScpParameter, s.Protocol, s.LifeCycle,
        s.AuthenticationLimit, s.FailedAuthentications,
        ToDto(s.Keys), s.SequenceCounters.ToDictionary(), ToDto(s.Data),
        [.. s.LoadFiles.Select(f => new LoadFileDto(f.Aid.ToString(), f.Version.ToString(), [.. f.Modules.Select(m => m.ToString())], f.Length,
            ToDto(f.Imports), f.Packages.Count > 0 ? ToDto(f.Packages) : null))],
        [.. s.Applications.Select(a => new ApplicationDto(
            a.Aid.ToString(), a.LoadFile.ToString(), a.Module.ToString(), a.LifeCycle, a.Privileges.ToString(),
            a.Dgis.ToDictionary(d => d.Key.ToString("X4"), d => d.Value.ToString()), [.. a.MandatoryDgis], a.ReadableWhenBlank,
            a.Domain.IsEmpty ? null : a.Domain.ToString(),
            a.IsSecurityDomain ? ToDto(a) : null))],
        s.Piv is { } piv ? new PivDto(piv.PrivateKey.ToString(), piv.Certificate.ToString()) : null,
        s.CountsEmptyCommands, s.Scp, s.MisstatesCheckValues, s.Memory, s.TakesExtendedFiles, s.AnswersAuthenticationWithMac);

    private static CardState FromDto(CardDto d) => new()
    {
        SecurityDomainAid = Hex(d.SecurityDomain),
        SecurityDomainLoadFile = d.SecurityDomainLoadFile is { } file ? Hex(file) : null,
        Kdd = Hex(d.Kdd),
        Cplc = Hex(d.Cplc),
        ScpParameter = d.ScpParameter,
        Protocol = d.Protocol,
        LifeCycle = d.LifeCycle,
        AuthenticationLimit = d.AuthenticationLimit,
        FailedAuthentications = d.FailedAuthentications,
        Keys = FromDto(d.Keys),
        SequenceCounters = d.SequenceCounters.ToImmutableSortedDictionary(),
        Data = FromDto(d.Data),
        LoadFiles = [.. d.LoadFiles.Select(f => new LoadFile(Hex(f.Aid), Hex(f.Version), [.. f.Modules.Select(Hex)], f.Length,
            FromDto(f.Imports), FromDto(f.Packages)))],
        Applications = [.. d.Applications.Select(a => new CardApplication(
            Hex(a.Aid), Hex(a.LoadFile), Hex(a.Module), a.LifeCycle, Hex(a.Privileges),
            a.Dgis.ToImmutableSortedDictionary(x => Convert.ToUInt16(x.Key, 16), x => Hex(x.Value)), [.. a.MandatoryDgis], a.ReadableWhenBlank)
            {
                Domain = a.Domain is { } domain ? Hex(domain) : default,
                Keys = a.Owns is { } owns
                    ? new DomainKeys(FromDto(owns.Keys), owns.SequenceCounters.ToImmutableSortedDictionary(), owns.FailedAuthentications)
                    : DomainKeys.None,
                Data = FromDto(a.Owns?.Data ?? []),
            })],
        Piv = d.Piv is { } piv ? new PivCredential(Hex(piv.PrivateKey), Hex(piv.Certificate)) : null,
        CountsEmptyCommands = d.CountsEmptyCommands,
        Scp = d.Scp,
        MisstatesCheckValues = d.MisstatesCheckValues,
        Memory = d.Memory,
        TakesExtendedFiles = d.TakesExtendedFiles,
        AnswersAuthenticationWithMac = d.AnswersAuthenticationWithMac,
    };

    private static ImportDto[] ToDto(ValueList<CardPackage> packages) =>
        [.. packages.Select(i => new ImportDto(i.Aid.ToString(), i.Major, i.Minor))];

    private static ValueList<CardPackage> FromDto(ImportDto[]? packages) =>
        [.. (packages ?? []).Select(i => new CardPackage(Hex(i.Aid), i.Major, i.Minor))];

    private static DomainDto ToDto(CardApplication domain) =>
        new(ToDto(domain.Keys.Keys), domain.Keys.SequenceCounters.ToDictionary(), domain.Keys.FailedAuthentications, ToDto(domain.Data));

    private static KeyDto[] ToDto(ImmutableSortedDictionary<KeyReference, CardKey> keys) =>
        [.. keys.Select(k => new KeyDto(k.Key.Version, k.Key.Id, Convert.ToHexString(k.Value.Span), k.Value.Type))];

    private static Dictionary<string, string> ToDto(ImmutableSortedDictionary<int, ByteString> data) =>
        data.ToDictionary(d => d.Key.ToString("X4"), d => d.Value.ToString());

    private static ImmutableSortedDictionary<KeyReference, CardKey> FromDto(KeyDto[] keys) => keys.ToImmutableSortedDictionary(
        k => new KeyReference(k.Version, k.Id), k => new CardKey(Convert.FromHexString(k.Value), k.Type));

    private static ImmutableSortedDictionary<int, ByteString> FromDto(Dictionary<string, string> data) =>
        data.ToImmutableSortedDictionary(x => Convert.ToInt32(x.Key, 16), x => Hex(x.Value));

    private static ByteString Hex(string hex) => ByteString.FromHex(hex);
}
