using System.Globalization;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;

namespace CardIssue.Center.Storage;

/// <summary>
/// A set of keys that the center had, public alone: what it signed up to its end is verified by it, and nothing later. Its file, for auditors, is
/// <c>center-keys-N.json</c> beside <c>center.json</c>.
/// </summary>
/// <param name="Center">The center.</param>
/// <param name="Number">Which of its sets it is; 0 for the one that it was made with.</param>
/// <param name="SigningKey">Its signing key.</param>
/// <param name="AgreementKey">Its agreement key.</param>
/// <param name="LastCheckpoint">The number of the last checkpoint of the log that counts by it.</param>
/// <param name="LastGeneration">The last commit of the store that a terminal's note counts of by it.</param>
public sealed record FormerCenterKeys(
    CenterId Center, int Number, P256PublicKey SigningKey, P256PublicKey AgreementKey, long LastCheckpoint, long LastGeneration)
{
    /// <summary>Its file's name.</summary>
    public string FileName => $"center-keys-{Number.ToString(CultureInfo.InvariantCulture)}.json";

    /// <summary>What the names of such files fit.</summary>
    public const string FilePattern = "center-keys-*.json";

    /// <summary>Reads such a file.</summary>
    /// <param name="json">The file, UTF-8.</param>
    /// <param name="source">Its name, for the error.</param>
    /// <exception cref="FormatException">With file, line, column and what is wrong.</exception>
    public static FormerCenterKeys Read(ReadOnlySpan<byte> json, string source)
    {
        var fields = IdentityFile.Read(json, source, ["center", "number", "signingKey", "agreementKey", "lastCheckpoint", "lastGeneration"]);
        return new FormerCenterKeys(
            fields.Value("center", text => new CenterId(text)), fields.Value("number", Number32),
            fields.Value("signingKey", IdentityFile.PublicKey), fields.Value("agreementKey", IdentityFile.PublicKey),
            fields.Value("lastCheckpoint", Number64), fields.Value("lastGeneration", Number64));
    }

    /// <summary>Writes such a file, UTF-8.</summary>
    public byte[] Write() => IdentityFile.Write(
        ("center", Center.Value), ("number", Text(Number)), ("signingKey", SigningKey.ToString()), ("agreementKey", AgreementKey.ToString()),
        ("lastCheckpoint", Text(LastCheckpoint)), ("lastGeneration", Text(LastGeneration)));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number32(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number : throw new FormatException("a number from 0, as a string");

    private static long Number64(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number : throw new FormatException("a number from 0, as a string");
}
