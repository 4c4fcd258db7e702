using System.Diagnostics;
using System.Globalization;

namespace CardIssue.Bench;

/// <summary>
/// Lets a process use a part of a core and no more, by a control group of Linux's (cgroups(7): <c>cpu.cfs_quota_us</c> of version 1, <c>cpu.max</c> of version 2).
/// For programs whose machines have to be measured together on one that is too small for them.
/// </summary>
internal sealed class CoreShare : IDisposable
{
    /// <summary>So often a process gets its part, in microseconds: much less than an issue takes, so that none waits long for the next.</summary>
    private const int Period = 5_000;

    private static readonly string? Groups = new[] { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup" }.FirstOrDefault(IsOfProcessors);

    private readonly string _group;

    /// <summary>Moves a process into a group of its own.</summary>
    /// <param name="process">All its threads.</param>
    /// <param name="share">The part of a core, more than 0.</param>
    public CoreShare(Process process, double share)
    {
        _group = Path.Combine(Groups!, $"cardissue-bench-{process.Id}");
        Directory.CreateDirectory(_group);
        var quota = ((int)(Period * share)).ToString(CultureInfo.InvariantCulture);
        if (IsVersion2(Groups!)) File.WriteAllText(Path.Combine(_group, "cpu.max"), $"{quota} {Period}");
        else
        {
            File.WriteAllText(Path.Combine(_group, "cpu.cfs_period_us"), $"{Period}");
            File.WriteAllText(Path.Combine(_group, "cpu.cfs_quota_us"), quota);
        }
        File.WriteAllText(Path.Combine(_group, "cgroup.procs"), process.Id.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Whether this machine has such groups, and lets its user make some.</summary>
    public static bool IsPossible => Groups is not null;

    /// <summary>Takes the group away; its process must have ended.</summary>
    public void Dispose() => Directory.Delete(_group);

    private static bool IsVersion2(string folder) => File.Exists(Path.Combine(folder, "cgroup.controllers"));

    private static bool IsOfProcessors(string folder)
    {
        var probe = Path.Combine(folder, $"cardissue-bench-{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(probe);
            var isThere = File.Exists(Path.Combine(probe, IsVersion2(folder) ? "cpu.max" : "cpu.cfs_quota_us"));
            Directory.Delete(probe);
            return isThere;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
